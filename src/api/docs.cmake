# The target `docs`: the pages of the repository and the public headers as HTML, in docs/ of the build folder. Optional:
# without Doxygen there is no target, and the test is skipped.
find_program(LEMNOS_DOXYGEN doxygen)
if(LEMNOS_DOXYGEN)
  file(GLOB_RECURSE lemnos_page_list CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/samples/*.md ${PROJECT_SOURCE_DIR}/src/*.md
       ${PROJECT_SOURCE_DIR}/shaders/*.md ${PROJECT_SOURCE_DIR}/tests/*.md ${PROJECT_SOURCE_DIR}/.ci/*.md)
  foreach(page IN ITEMS README CONTRIBUTING CHANGELOG .github/SECURITY .github/CODE_OF_CONDUCT)
    list(APPEND lemnos_page_list ${PROJECT_SOURCE_DIR}/${page}.md)
  endforeach()
  file(GLOB_RECURSE lemnos_picture_list CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/samples/*.png ${PROJECT_SOURCE_DIR}/samples/*.svg
       ${PROJECT_SOURCE_DIR}/src/*.png)
  list(TRANSFORM lemnos_page_list REPLACE "(.+)" "\"\\1\"")
  list(TRANSFORM lemnos_picture_list REPLACE "(.+)" "\"\\1\"")
  list(JOIN lemnos_page_list " " lemnos_pages)
  list(JOIN lemnos_picture_list " " lemnos_pictures)
  configure_file(${CMAKE_CURRENT_LIST_DIR}/site.doxy.in ${PROJECT_BINARY_DIR}/site.doxy @ONLY)
  add_custom_target(docs COMMAND ${CMAKE_COMMAND} -E rm -rf ${PROJECT_BINARY_DIR}/docs
                    COMMAND ${LEMNOS_DOXYGEN} ${PROJECT_BINARY_DIR}/site.doxy
                    COMMAND ${CMAKE_COMMAND} -DWARNINGS=${PROJECT_BINARY_DIR}/site_warnings.txt -P ${CMAKE_CURRENT_LIST_DIR}/site_warnings.cmake
                    COMMAND ${CMAKE_COMMAND} -DSITE=${PROJECT_BINARY_DIR}/docs -P ${CMAKE_CURRENT_LIST_DIR}/site_links.cmake VERBATIM)
endif()
if(LEMNOS_TESTS)
  if(LEMNOS_DOXYGEN)
    add_test(NAME docs COMMAND ${CMAKE_COMMAND} --build ${PROJECT_BINARY_DIR} --target docs)
  else()
    add_test(NAME docs COMMAND sh -c "echo 'no doxygen: the site is not built'; exit 77")
  endif()
  set_tests_properties(docs PROPERTIES LABELS samples TIMEOUT 300 SKIP_RETURN_CODE 77)
endif()
