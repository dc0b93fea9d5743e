#include "train/progress_bar.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "base/text.h"

#ifdef _WIN32
#include <io.h>
#define LEMNOS_IS_TERMINAL() (_isatty(_fileno(stdout)) != 0)
#else
#include <sys/ioctl.h>
#include <unistd.h>
#define LEMNOS_IS_TERMINAL() (isatty(STDOUT_FILENO) == 1)
#endif

namespace lemnos::train {

namespace {

bool on_terminal() {
  const char* term = std::getenv("TERM");
  return LEMNOS_IS_TERMINAL() && term && std::string_view(term) != "dumb";
}

// Asked anew for each bar, because a window may be resized while a network trains.
size_t columns_of_terminal() {
#ifdef TIOCGWINSZ
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
#endif
  return 80;
}

std::string metrics_text(const Progress& p, bool classes) {
  std::string out = formatted("loss %.4f", p.so_far.loss);
  if (classes) out += formatted("  accuracy %.4f", p.so_far.accuracy);
  for (const auto& [name, value] : p.so_far.more) out += text("  ", name, formatted(" %.4f", value));
  return out;
}

// The first `columns` characters; one of UTF-8 is never cut in two.
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

}  // namespace

std::string bar_text(const Progress& p, size_t columns) {
  constexpr int64_t kWidth = 30;
  const int64_t done = p.steps ? kWidth * p.step / p.steps : 0;
  const std::string bar =
      std::string(static_cast<size_t>(done), '=') + std::string(static_cast<size_t>(kWidth - done), '.');
  const double left = p.samples_per_second > 0 && p.step > 0
                          ? static_cast<double>(p.so_far.samples) / static_cast<double>(p.step) *
                                static_cast<double>(p.steps - p.step) / p.samples_per_second
                          : 0;
  const std::string line =
      text("epoch ", p.epoch, '/', p.epochs, " [", bar, "] ", p.step, '/', p.steps, "  ",
           metrics_text(p, p.so_far.accuracy > 0), formatted("  %.0f/s  %.0f s left", p.samples_per_second, left));
  // The last column stays free: terminals that wrap there begin a new line, which the next bar would not overwrite.
  return cut(line, columns > 1 ? columns - 1 : 0);
}

ProgressBar::ProgressBar(Verbosity verbosity)
    : draws_(verbosity == Verbosity::automatic && on_terminal()), lines_(verbosity != Verbosity::silent) {}

void ProgressBar::update(const Progress& p) {
  if (!draws_) return;
  std::fprintf(stdout, "\r\033[K%s", bar_text(p, columns_of_terminal()).c_str());
  std::fflush(stdout);
}

void ProgressBar::finish(const Progress& p, double seconds, const Metrics* validation, bool classes) {
  if (!lines_) return;
  std::string line = text(draws_ ? "\r\033[K" : "", "epoch ", p.epoch, '/', p.epochs, "  ", metrics_text(p, classes));
  if (validation) line += formatted("  val_loss %.4f", validation->loss);
  if (validation && classes) line += formatted("  val_accuracy %.4f", validation->accuracy);
  if (validation)
    for (const auto& [name, value] : validation->more) line += text("  val_", name, formatted(" %.4f", value));
  line += formatted("  %.1f s  %.0f samples/s\n", seconds, p.samples_per_second);
  std::fputs(line.c_str(), stdout);
  std::fflush(stdout);
}

}  // namespace lemnos::train
