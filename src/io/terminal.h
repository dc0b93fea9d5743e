// Standard output where a person looks at it.
#pragma once

#include <cstddef>
#include <string>

namespace lemnos::io {

/// Whether standard output is a terminal that can move back within a line.
bool on_terminal();
/// Queried each time, because a window may be resized; 80 if unknown.
size_t columns_of_terminal();
/// The first `columns` characters; one of UTF-8 is never cut in two.
std::string cut(std::string line, size_t columns);
/// Writes immediately, without buffering.
void print(const std::string& line);
/// The same, and overwrites the current line.
void print_over(const std::string& line);

}  // namespace lemnos::io
