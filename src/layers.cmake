# A layer is a folder of src/: a static library `lemnos_<name>` that may use only the layers named in DEPENDS.
# The same objects make the one library that users link, `lemnos::lemnos`.

add_library(lemnos_options INTERFACE)
target_compile_features(lemnos_options INTERFACE cxx_std_20)
target_include_directories(lemnos_options INTERFACE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include
                                                    ${PROJECT_SOURCE_DIR})
if(NOT MSVC)
  target_compile_options(lemnos_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor
                                                  $<$<CXX_COMPILER_ID:GNU>:-Wno-missing-field-initializers>
                                                  $<$<CXX_COMPILER_ID:Clang>:-Wno-missing-field-initializers>)
  # GCC 12 warns of `"x" + std::string` itself (its bug 105651).
  target_compile_options(lemnos_options INTERFACE
    $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict>)
  if(LEMNOS_UNITY)  # GCC takes the types of a file's own for those of a header
    target_compile_options(lemnos_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
  endif()
  if(LEMNOS_DEVELOPER)
    target_compile_options(lemnos_options INTERFACE -Werror)
  endif()
  if(LEMNOS_SANITIZE)
    target_compile_options(lemnos_options INTERFACE -fsanitize=${LEMNOS_SANITIZE} -fno-omit-frame-pointer -g)
    target_link_options(lemnos_options INTERFACE -fsanitize=${LEMNOS_SANITIZE})
  endif()
endif()

# For code that calls and has no loops over data: it compiles in two thirds of the time.
function(lemnos_compile_quickly)
  if(NOT MSVC)
    foreach(target IN LISTS ARGN)
      target_compile_options(${target} PRIVATE $<$<NOT:$<CONFIG:Debug>>:-O1>)
    endforeach()
  endif()
endfunction()

# lemnos_add_layer(NAME SOURCES ... [DEPENDS layer ...] [LIBRARIES target ...])
function(lemnos_add_layer name)
  cmake_parse_arguments(LAYER "" "" "SOURCES;DEPENDS;LIBRARIES" ${ARGN})
  add_library(lemnos_${name} STATIC ${LAYER_SOURCES})
  set_target_properties(lemnos_${name} PROPERTIES POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden
                                                  VISIBILITY_INLINES_HIDDEN ON)
  list(TRANSFORM LAYER_DEPENDS PREPEND lemnos_)
  target_link_libraries(lemnos_${name} PUBLIC lemnos_options ${LAYER_DEPENDS} PRIVATE ${LAYER_LIBRARIES})
  set_property(GLOBAL APPEND PROPERTY LEMNOS_LAYERS lemnos_${name})
  set_property(GLOBAL APPEND PROPERTY LEMNOS_LIBRARIES ${LAYER_LIBRARIES})
endfunction()

# Joins every layer into `lemnos`, static or shared, and names it lemnos::lemnos.
function(lemnos_link_library)
  get_property(layers GLOBAL PROPERTY LEMNOS_LAYERS)
  get_property(libraries GLOBAL PROPERTY LEMNOS_LIBRARIES)
  list(REMOVE_DUPLICATES libraries)
  list(TRANSFORM layers REPLACE "(.+)" "$<TARGET_OBJECTS:\\1>" OUTPUT_VARIABLE objects)
  add_library(lemnos ${objects})
  add_library(lemnos::lemnos ALIAS lemnos)
  set_target_properties(lemnos PROPERTIES LINKER_LANGUAGE CXX VERSION ${PROJECT_VERSION}
                                          SOVERSION ${PROJECT_VERSION_MAJOR})
  target_compile_features(lemnos PUBLIC cxx_std_20)
  target_include_directories(lemnos PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>)
  target_link_libraries(lemnos PRIVATE ${libraries} ${CMAKE_DL_LIBS})
  if(LEMNOS_SANITIZE)
    target_link_options(lemnos PUBLIC -fsanitize=${LEMNOS_SANITIZE})
  endif()
endfunction()
