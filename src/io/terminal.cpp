#include "io/terminal.h"

#include <cstdio>
#include <cstdlib>
#include <string_view>

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

}  // namespace lemnos::io
