# Every shaders/<name>.comp becomes one SPIR-V module per combination of its `//@ variants NAME = a b c` lines, named
# <name>[.a]..., compiled at build time and checked by spirv-val where it is installed. `lemnos-embed` then writes the
# modules of a target, and what each says of itself, into one header.

find_program(LEMNOS_GLSLANG NAMES lemnos-glslang glslangValidator glslang
             HINTS ${LEMNOS_TOOLCHAIN}/bin REQUIRED)
find_program(LEMNOS_SPIRV_VAL spirv-val HINTS ${LEMNOS_TOOLCHAIN}/bin)

# Does this glslang know EXTENSION? Asked once per extension, and remembered.
function(lemnos_glslang_has extension result)
  string(MAKE_C_IDENTIFIER "LEMNOS_HAS_${extension}" key)
  if(NOT DEFINED ${key})
    file(WRITE ${PROJECT_BINARY_DIR}/probe.comp "#version 450\n#extension ${extension} : require\nvoid main() {}\n")
    execute_process(COMMAND ${LEMNOS_GLSLANG} -V --target-env vulkan1.2 -o ${PROJECT_BINARY_DIR}/probe.spv
                            ${PROJECT_BINARY_DIR}/probe.comp RESULT_VARIABLE failed OUTPUT_QUIET ERROR_QUIET)
    if(failed)
      set(${key} FALSE CACHE INTERNAL "")
      message(STATUS "lemnos: ${LEMNOS_GLSLANG} does not support ${extension}: kernels that need it are not built")
    else()
      set(${key} TRUE CACHE INTERNAL "")
    endif()
  endif()
  set(${result} ${${key}} PARENT_SCOPE)
endfunction()

# `//@ requires EXTENSION ...` leaves a shader out where glslang does not know one of them, `//@ requires NAME=a EXTENSION
# ...`, before its line of variants, only that variant.
#
# Appends to LEMNOS_KERNEL_NAMES and LEMNOS_KERNEL_FILES of the caller the modules of one shader.
function(lemnos_add_kernel source)
  get_filename_component(name ${source} NAME_WE)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
  file(STRINGS ${source} lines REGEX "^//@ ")
  set(kernels "${name}|")  # name|flags
  set(left_out "")
  foreach(line IN LISTS lines)
    if(line MATCHES "^//@ requires ([A-Z_]+=[a-z0-9]+) (.+)$")
      set(variant ${CMAKE_MATCH_1})
      separate_arguments(extensions UNIX_COMMAND "${CMAKE_MATCH_2}")
      foreach(extension IN LISTS extensions)
        lemnos_glslang_has(${extension} known)
        if(NOT known)
          list(APPEND left_out ${variant})
        endif()
      endforeach()
    elseif(line MATCHES "^//@ requires (.+)$")
      separate_arguments(extensions UNIX_COMMAND "${CMAKE_MATCH_1}")
      foreach(extension IN LISTS extensions)
        lemnos_glslang_has(${extension} known)
        if(NOT known)
          return()
        endif()
      endforeach()
    elseif(line MATCHES "^//@ variants ([A-Z_]+) = (.+)$")
      set(define ${CMAKE_MATCH_1})
      separate_arguments(choices UNIX_COMMAND "${CMAKE_MATCH_2}")
      set(wider "")
      foreach(kernel IN LISTS kernels)
        string(REPLACE "|" ";" parts "${kernel}")
        list(GET parts 0 stem)
        list(GET parts 1 flags)
        foreach(choice IN LISTS choices)
          if("${define}=${choice}" IN_LIST left_out)
            continue()
          endif()
          list(APPEND wider "${stem}.${choice}|${flags} -D${define}_${choice}=1")
        endforeach()
      endforeach()
      set(kernels "${wider}")
    endif()
  endforeach()
  # -g0: names of variables are an eighth of a module, and nobody reads them.
  set(compile -V --quiet -g0 --target-env vulkan1.2 -I${CMAKE_CURRENT_FUNCTION_LIST_DIR})
  foreach(kernel IN LISTS kernels)
    string(REPLACE "|" ";" parts "${kernel}")
    list(GET parts 0 module)
    list(GET parts 1 flags)
    separate_arguments(flags UNIX_COMMAND "${flags}")
    set(spirv ${CMAKE_CURRENT_BINARY_DIR}/${module}.spv)
    set(check ${CMAKE_COMMAND} -E true)
    if(LEMNOS_SPIRV_VAL)
      set(check ${LEMNOS_SPIRV_VAL} --target-env vulkan1.2 --scalar-block-layout ${spirv})
    endif()
    add_custom_command(
      OUTPUT ${spirv}
      COMMAND ${LEMNOS_GLSLANG} ${compile} ${flags} --depfile ${spirv}.d -o ${spirv} ${source}
      COMMAND ${check}
      DEPENDS ${source} DEPFILE ${spirv}.d
      COMMENT "Kernel ${module}" VERBATIM)
    list(APPEND LEMNOS_KERNEL_NAMES ${module})
    list(APPEND LEMNOS_KERNEL_FILES ${spirv})
  endforeach()
  set(LEMNOS_KERNEL_NAMES ${LEMNOS_KERNEL_NAMES} PARENT_SCOPE)
  set(LEMNOS_KERNEL_FILES ${LEMNOS_KERNEL_FILES} PARENT_SCOPE)
endfunction()

# The tool runs while building. A build for another machine takes the one of a build for this machine.
set(LEMNOS_EMBED "" CACHE FILEPATH "lemnos-embed of a build for this machine; empty: it is built here")
function(lemnos_add_embed)
  if(LEMNOS_EMBED)
    return()
  endif()
  if(CMAKE_CROSSCOMPILING AND NOT CMAKE_CROSSCOMPILING_EMULATOR)
    message(FATAL_ERROR "lemnos: lemnos-embed would be built for ${CMAKE_SYSTEM_NAME} and cannot run here: build it for this "
                        "machine (ninja lemnos-embed) and name it with -DLEMNOS_EMBED=FILE, or set CMAKE_CROSSCOMPILING_EMULATOR")
  endif()
  add_executable(lemnos-embed ${PROJECT_SOURCE_DIR}/shaders/embed_kernels.cpp)
  target_link_libraries(lemnos-embed PRIVATE lemnos_spirv)
endfunction()

# lemnos_embed_kernels(HEADER [--table]): the modules added so far as arrays, with --table also the table of all.
function(lemnos_embed_kernels header)
  set(list "")
  foreach(name file IN ZIP_LISTS LEMNOS_KERNEL_NAMES LEMNOS_KERNEL_FILES)
    string(APPEND list "${name} ${file}\n")
  endforeach()
  file(CONFIGURE OUTPUT ${header}.modules CONTENT "${list}" @ONLY)
  set(tool lemnos-embed)
  if(LEMNOS_EMBED)
    set(tool ${LEMNOS_EMBED})
  endif()
  add_custom_command(
    OUTPUT ${header}
    COMMAND ${tool} ${header}.modules ${header} ${ARGN}
    DEPENDS ${tool} ${header}.modules ${LEMNOS_KERNEL_FILES}
    COMMENT "Embedding kernels" VERBATIM)
endfunction()
