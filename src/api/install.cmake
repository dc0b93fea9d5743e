# What a user gets: headers, one library, a CMake package and a pkg-config file. Included once, after
# lemnos_link_library(). Nothing is needed by who links but what a static library cannot contain: zlib, libjpeg
# where it was found, and threads.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# Of a shared library only lemnos_* and namespace lemnos are visible: everything is compiled hidden, the public headers
# say what is not (lemnos/visibility.h), and this keeps what the standard library's templates would add.
function(lemnos_hide_symbols target)
  if(UNIX AND NOT APPLE)
    target_link_options(${target} PRIVATE LINKER:--version-script=${PROJECT_SOURCE_DIR}/src/api/lemnos.map)
    set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS ${PROJECT_SOURCE_DIR}/src/api/lemnos.map)
  endif()
endfunction()

if(BUILD_SHARED_LIBS)
  lemnos_hide_symbols(lemnos)
endif()
set_target_properties(lemnos PROPERTIES EXPORT_NAME lemnos)

option(LEMNOS_INSTALL "Make the install target" ${PROJECT_IS_TOP_LEVEL})
if(NOT LEMNOS_INSTALL)
  return()
endif()

set(LEMNOS_HAS_WATCH OFF)
set(beside lemnos)
if(TARGET lemnos_watch)
  set(LEMNOS_HAS_WATCH ON)
  list(APPEND beside lemnos_watch)
endif()
install(TARGETS ${beside} EXPORT lemnosTargets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
        RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/lemnos DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(LEMNOS_HAS_JPEG OFF)
if(TARGET JPEG::JPEG)
  set(LEMNOS_HAS_JPEG ON)
endif()
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/lemnos)
install(EXPORT lemnosTargets NAMESPACE lemnos:: DESTINATION ${package_folder})
configure_package_config_file(${PROJECT_SOURCE_DIR}/src/api/lemnosConfig.cmake.in
                              ${PROJECT_BINARY_DIR}/lemnosConfig.cmake INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/lemnosConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/lemnosConfig.cmake ${PROJECT_BINARY_DIR}/lemnosConfigVersion.cmake
        DESTINATION ${package_folder})

# A static library is linked by a C compiler too: then the C++ runtime must be named.
set(LEMNOS_PC_PRIVATE "-lstdc++ -lm -ldl -pthread")
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang" AND APPLE)
  set(LEMNOS_PC_PRIVATE "-lc++ -lm")
endif()
set(LEMNOS_PC_PUBLIC_PRIVATE "")
set(LEMNOS_PC_REQUIRES "")
if(NOT BUILD_SHARED_LIBS)
  set(LEMNOS_PC_PUBLIC_PRIVATE " ${LEMNOS_PC_PRIVATE}")
  set(LEMNOS_PC_REQUIRES "zlib")
  if(LEMNOS_HAS_JPEG)
    string(APPEND LEMNOS_PC_REQUIRES " libjpeg")
  endif()
endif()
# Relative to itself, so that an install tree may be moved: as many steps up as the library folder is deep.
string(REGEX REPLACE "[^/]+" ".." LEMNOS_PC_UP "${CMAKE_INSTALL_LIBDIR}")
configure_file(${PROJECT_SOURCE_DIR}/src/api/lemnos.pc.in ${PROJECT_BINARY_DIR}/lemnos.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/lemnos.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
