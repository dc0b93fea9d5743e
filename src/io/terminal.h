// Standard output where a person looks at it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/stopwatch.h"

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

/// "=====....." of that many characters; nothing is done of nothing.
std::string bar_of(int64_t done, int64_t all, size_t width);

/// How far a work of many parts has come.
struct Work {
  std::string name, part;  // "check", "matmul"
  int64_t done = 0, all = 0;
  double seconds = 0;   // since it began
  uint64_t memory = 0;  // of this process, in bytes; 0: unknown
};
/// "check [=====.....] 120/240  matmul  60.0/s  2 s left  512.0 MiB", in less than `columns` characters.
std::string work_text(const Work& work, size_t columns);

/// The bar of a work in the last line of a terminal, while it lives; elsewhere nothing.
class WorkBar {
 public:
  /// `shown`: false where something else is printed there.
  WorkBar(std::string name, size_t all, bool shown = true);
  ~WorkBar() { clear(); }
  WorkBar(const WorkBar&) = delete;
  WorkBar& operator=(const WorkBar&) = delete;
  /// Begins the next part. Drawn at most ten times a second.
  void next(const std::string& part);
  /// Makes room for a line.
  void clear();

 private:
  Work work_;
  Stopwatch watch_;
  double drawn_ = -1;  // seconds; below 0: never, or no longer
  bool shown_;
};

}  // namespace lemnos::io
