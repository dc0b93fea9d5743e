# cmake -D WARNINGS=FILE -P site_warnings.cmake: fails for every warning of Doxygen but those of what may go without a comment: a field,
# which the formula of its struct explains, a value of an enumeration, a constructor, an operator, what overrides, a struct of options,
# which its function explains, and a ..._destroy.
file(READ ${WARNINGS} text)
string(REGEX REPLACE "[][;]" " " text "${text}")  # a bracket or a semicolon would join or cut the elements of a list
string(REPLACE "\n" ";" lines "${text}")
set(count 0)
foreach(line IN LISTS lines)
  if(line STREQUAL "")
    continue()
  endif()
  if(line MATCHES "Member .*\\((variable|enumvalue)\\).* is not documented" OR line MATCHES "Member operator.* is not documented" OR
     line MATCHES "Member observe\\(\\) const .* is not documented" OR
     line MATCHES "Compound [A-Za-z0-9_:]*[oO]ptions is not documented" OR
     line MATCHES "Member lemnos_([a-z_]+_options|[a-z]+_destroy)[ (]")
    continue()
  endif()
  if(line MATCHES "Member ([A-Za-z]+)\\(.*\\(function\\) of (class|struct) ([A-Za-z:]+) is not documented")
    set(member ${CMAKE_MATCH_1})
    if(CMAKE_MATCH_3 MATCHES "(^|::)${member}$")
      continue()
    endif()
  endif()
  math(EXPR count "${count} + 1")
  message("${line}")
endforeach()
if(count GREATER 0)
  message(FATAL_ERROR "${count} warnings")
endif()
