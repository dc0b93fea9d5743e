#include "io/terminal.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "base/resident_memory.h"
#include "base/text.h"

#ifdef _WIN32
#include <io.h>
#define LEMNOS_IS_TERMINAL() (_isatty(_fileno(stdout)) != 0)
#else
#include <sys/ioctl.h>
#include <unistd.h>
#define LEMNOS_IS_TERMINAL() (isatty(STDOUT_FILENO) == 1)
#endif

namespace lemnos::io {

bool on_terminal() {
  const char* term = std::getenv("TERM");
  return LEMNOS_IS_TERMINAL() && term && std::string_view(term) != "dumb";
}

size_t columns_of_terminal() {
#ifdef TIOCGWINSZ
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
#endif
  return 80;
}

std::string cut(std::string line, size_t columns) {
  size_t characters = 0;
  for (size_t at = 0; at < line.size(); ++at) {
    const bool begins = (static_cast<unsigned char>(line[at]) & 0xc0) != 0x80;
    if (begins && ++characters > columns) {
      line.resize(at);
      break;
    }
  }
  return line;
}

void print(const std::string& line) {
  std::fputs(line.c_str(), stdout);
  std::fflush(stdout);
}

void print_over(const std::string& line) { print("\r\033[K" + line); }

std::string bar_of(int64_t done, int64_t all, size_t width) {
  const auto full = all > 0 ? static_cast<size_t>(std::clamp<int64_t>(static_cast<int64_t>(width) * done / all, 0,
                                                                      static_cast<int64_t>(width)))
                            : 0;
  return std::string(full, '=') + std::string(width - full, '.');
}

std::string work_text(const Work& work, size_t columns) {
  std::string line =
      text(work.name, " [", bar_of(work.done, work.all, 30), "] ", work.done, '/', work.all, "  ", work.part);
  if (work.done > 0 && work.seconds > 0) {
    const double rate = static_cast<double>(work.done) / work.seconds;
    line += formatted("  %.1f/s  %.0f s left", rate, static_cast<double>(work.all - work.done) / rate);
  }
  if (work.memory > 0) line += "  " + bytes_text(work.memory);
  return cut(line, columns > 1 ? columns - 1 : 0);  // terminals that wrap at the last column would begin a line
}

WorkBar::WorkBar(std::string name, size_t all, bool shown)
    : work_{.name = std::move(name), .all = static_cast<int64_t>(all)}, shown_(shown && on_terminal()) {
  --work_.done;  // the first part is begun, not done, by the first next()
}

void WorkBar::next(const std::string& part) {
  ++work_.done;
  if (!shown_) return;
  work_.seconds = watch_.seconds();
  if (drawn_ >= 0 && work_.seconds - drawn_ < .1) return;
  drawn_ = work_.seconds;
  work_.part = part;
  work_.memory = resident_memory();
  print_over(work_text(work_, columns_of_terminal()));
}

void WorkBar::clear() {
  if (drawn_ >= 0) print_over("");
  drawn_ = -1;
}

}  // namespace lemnos::io
