#include <chrono>

#include "base/text.h"
#include "lemnos/train.h"
#include "train/progress_bar.h"
#include "train/trainer_impl.h"

namespace lemnos {

namespace {

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

void join(Metrics& total, const Metrics& part) {
  const int64_t samples = total.samples + part.samples;
  if (samples == 0) return;
  const auto mean = [&](double a, double b) {
    return (a * static_cast<double>(total.samples) + b * static_cast<double>(part.samples)) /
           static_cast<double>(samples);
  };
  total.loss = mean(total.loss, part.loss);
  total.accuracy = mean(total.accuracy, part.accuracy);
  total.samples = samples;
}

// How many steps to hand over at once: a piece of about a fifth of a second where somebody watches, else the epoch.
class Pieces {
 public:
  Pieces(bool watched, int64_t steps) : next_(watched ? 1 : steps), watched_(watched) {}
  int64_t next(int64_t left) const { return std::min(next_, left); }
  void took(int64_t steps, double seconds) {
    if (!watched_ || seconds <= 0) return;
    constexpr double kPieceSeconds = 0.2;
    const double fitting = static_cast<double>(steps) * kPieceSeconds / seconds;
    next_ = std::max<int64_t>(1, std::min<int64_t>(next_ * 2, static_cast<int64_t>(fitting)));
  }

 private:
  int64_t next_;
  bool watched_;
};

}  // namespace

History Trainer::fit(const data::Dataset& train, const FitOptions& options) {
  require(options.epochs >= 0, ErrorCode::invalid_argument, "fit: ", options.epochs, " epochs");
  impl_->prepare_training(train, options.batch_size, options.shuffle);
  train::ProgressBar bar(options.verbosity);
  History history;
  const bool classes = impl_->options.loss.classes();
  const int64_t steps = impl_->training.feed->batches();
  bool stopped = false;
  for (int64_t epoch = 1; epoch <= options.epochs && !stopped; ++epoch) {
    const auto start = Clock::now();
    Progress progress{.epoch = epoch, .epochs = options.epochs, .step = 0, .steps = steps, .so_far = {}};
    Pieces pieces(bar.draws() || options.on_progress, steps);
    while (progress.step < steps && !stopped) {
      const auto piece_start = Clock::now();
      const int64_t now = pieces.next(steps - progress.step);
      join(progress.so_far, impl_->run(impl_->training, now));
      pieces.took(now, seconds_since(piece_start));
      progress.step += now;
      progress.samples_per_second = static_cast<double>(progress.so_far.samples) / seconds_since(start);
      bar.update(progress);
      stopped = options.on_progress && !options.on_progress(progress);
    }
    const double seconds = seconds_since(start);
    Metrics validation;
    if (options.validation) validation = evaluate(*options.validation);
    bar.finish(progress, seconds, options.validation ? &validation : nullptr, classes);
    History::Row row{{"epoch", static_cast<double>(epoch)}, {"loss", progress.so_far.loss}};
    if (classes) row.push_back({"accuracy", progress.so_far.accuracy});
    if (options.validation) row.push_back({"val_loss", validation.loss});
    if (options.validation && classes) row.push_back({"val_accuracy", validation.accuracy});
    row.push_back({"seconds", seconds});
    row.push_back({"samples_per_second", progress.samples_per_second});
    history.add(row);
  }
  const DeviceInfo& info = impl_->device.info();
  history.set("device", info.name);
  history.set("driver", info.driver);
  history.set("driver_version", info.driver_version);
  history.set("seed", static_cast<int64_t>(impl_->options.seed));
  history.set("batch_size", options.batch_size);
  return history;
}

}  // namespace lemnos
