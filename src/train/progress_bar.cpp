#include "train/progress_bar.h"

#include "base/resident_memory.h"
#include "base/text.h"
#include "io/terminal.h"

namespace lemnos::train {

namespace {

std::string metrics_text(const Metrics& m, bool classes, const char* before = "") {
  std::string out = text(before, formatted("loss %.4f", m.loss));
  if (classes) out += text("  ", before, formatted("accuracy %.4f", m.accuracy));
  for (const auto& [name, value] : m.more) out += text("  ", before, name, formatted(" %.4f", value));
  return out;
}

}  // namespace

std::string bar_text(const Progress& p, size_t columns, uint64_t memory) {
  const double left = p.samples_per_second > 0 && p.step > 0
                          ? static_cast<double>(p.so_far.samples) / static_cast<double>(p.step) *
                                static_cast<double>(p.steps - p.step) / p.samples_per_second
                          : 0;
  const std::string line =
      text("epoch ", p.epoch, '/', p.epochs, " [", io::bar_of(p.step, p.steps, 30), "] ", p.step, '/', p.steps, "  ",
           metrics_text(p.so_far, p.so_far.accuracy > 0),
           formatted("  %.0f/s  %.0f s left", p.samples_per_second, left), memory ? "  " + bytes_text(memory) : "");
  // The last column stays free: terminals that wrap there begin a new line, which the next bar would not overwrite.
  return io::cut(line, columns > 1 ? columns - 1 : 0);
}

ProgressBar::ProgressBar(Verbosity verbosity)
    : draws_(verbosity == Verbosity::automatic && io::on_terminal()), lines_(verbosity != Verbosity::silent) {}

void ProgressBar::update(const Progress& p) {
  if (draws_) io::print_over(bar_text(p, io::columns_of_terminal(), resident_memory()));
}

void ProgressBar::finish(const Progress& p, double seconds, const Metrics* validation, bool classes) {
  if (!lines_) return;
  const std::string line = text("epoch ", p.epoch, '/', p.epochs, "  ", metrics_text(p.so_far, classes),
                                validation ? "  " : "", validation ? metrics_text(*validation, classes, "val_") : "",
                                formatted("  %.1f s  %.0f samples/s\n", seconds, p.samples_per_second));
  draws_ ? io::print_over(line) : io::print(line);
}

}  // namespace lemnos::train
