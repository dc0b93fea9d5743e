// Standard output where a person looks at it.
#pragma once

#include <cstddef>
#include <string>

namespace lemnos::io {

/// Whether standard output is a terminal that can move back within a line.
bool on_terminal();
/// Asked anew each time, because a window may be resized; 80 where nobody knows.
size_t columns_of_terminal();
/// The first `columns` characters; one of UTF-8 is never cut in two.
std::string cut(std::string line, size_t columns);
/// At once, whatever is buffered.
void print(const std::string& line);
/// The same, in the place of what stands in the line.
void print_over(const std::string& line);

}  // namespace lemnos::io
