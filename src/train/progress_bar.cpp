#include "train/progress_bar.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>

#ifdef _WIN32
#include <io.h>
#define LEMNOS_IS_TERMINAL() (_isatty(_fileno(stdout)) != 0)
#else
#include <unistd.h>
#define LEMNOS_IS_TERMINAL() (isatty(STDOUT_FILENO) == 1)
#endif

namespace lemnos::train {

namespace {

bool on_terminal() {
  const char* term = std::getenv("TERM");
  return LEMNOS_IS_TERMINAL() && term && std::string_view(term) != "dumb";
}

void print_metrics(const Progress& p, bool classes) {
  std::fprintf(stdout, "loss %.4f", p.so_far.loss);
  if (classes) std::fprintf(stdout, "  accuracy %.4f", p.so_far.accuracy);
  for (const auto& [name, value] : p.so_far.more) std::fprintf(stdout, "  %s %.4f", name.c_str(), value);
}

}  // namespace

ProgressBar::ProgressBar(Verbosity verbosity)
    : draws_(verbosity == Verbosity::automatic && on_terminal()), lines_(verbosity != Verbosity::silent) {}

void ProgressBar::update(const Progress& p) {
  if (!draws_) return;
  constexpr int64_t kWidth = 30;
  const int64_t done = p.steps ? kWidth * p.step / p.steps : 0;
  const std::string bar =
      std::string(static_cast<size_t>(done), '=') + std::string(static_cast<size_t>(kWidth - done), '.');
  const double left = p.samples_per_second > 0 && p.step > 0
                          ? static_cast<double>(p.so_far.samples) / static_cast<double>(p.step) *
                                static_cast<double>(p.steps - p.step) / p.samples_per_second
                          : 0;
  std::fprintf(stdout, "\r\033[Kepoch %lld/%lld [%s] %lld/%lld  ", static_cast<long long>(p.epoch),
               static_cast<long long>(p.epochs), bar.c_str(), static_cast<long long>(p.step),
               static_cast<long long>(p.steps));
  print_metrics(p, p.so_far.accuracy > 0);
  std::fprintf(stdout, "  %.0f/s  %.0f s left", p.samples_per_second, left);
  std::fflush(stdout);
}

void ProgressBar::finish(const Progress& p, double seconds, const Metrics* validation, bool classes) {
  if (!lines_) return;
  if (draws_) std::fprintf(stdout, "\r\033[K");
  std::fprintf(stdout, "epoch %lld/%lld  ", static_cast<long long>(p.epoch), static_cast<long long>(p.epochs));
  print_metrics(p, classes);
  if (validation) std::fprintf(stdout, "  val_loss %.4f", validation->loss);
  if (validation && classes) std::fprintf(stdout, "  val_accuracy %.4f", validation->accuracy);
  if (validation)
    for (const auto& [name, value] : validation->more) std::fprintf(stdout, "  val_%s %.4f", name.c_str(), value);
  std::fprintf(stdout, "  %.1f s  %.0f samples/s\n", seconds, p.samples_per_second);
  std::fflush(stdout);
}

}  // namespace lemnos::train
