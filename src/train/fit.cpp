// fit: epochs of steps, calls of observers, and the history.
#include <algorithm>
#include <optional>
#include <type_traits>

#include "base/stopwatch.h"
#include "base/text.h"
#include "lemnos/train.h"
#include "train/progress_bar.h"
#include "train/stream.h"
#include "train/trainer_impl.h"

namespace lemnos {

namespace {

constexpr int64_t kValidationBatch = 256;

// The number of steps to submit at once: about a fifth of a second if progress is shown, else the epoch.
class Pieces {
 public:
  Pieces(bool watched, int64_t steps) : next_(watched ? 1 : steps), watched_(watched) {}
  int64_t next(int64_t left) const { return std::min({next_, left, train::kRingRows}); }
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

// FitOptions::on_progress as an observer like the others.
class OnProgress final : public Observer {
 public:
  explicit OnProgress(std::function<bool(const Progress&)> call) : call_(std::move(call)) {}
  void steps_done(FitRun& run) override {
    if (!call_(run.progress)) run.stop("on_progress returned false");
  }
  bool watches_steps() const override { return true; }

 private:
  std::function<bool(const Progress&)> call_;
};

void set_facts(History& history, const DeviceInfo& info, uint64_t seed, int64_t batch_size) {
  history.set("device", info.name);
  history.set("driver", info.driver);
  history.set("driver_version", info.driver_version);
  history.set("seed", static_cast<int64_t>(seed));
  history.set("batch_size", batch_size);
}

// Where it was measured.
void set_longest_submission(History& history, const Session& session) {
  const double longest = session.counters().longest_submission_ms;
  if (longest > 0) history.set("longest_submission_ms", longest);
}

void require_options(const FitOptions& options) {
  require(options.epochs >= 0, ErrorCode::invalid_argument, "fit: ", options.epochs, " epochs");
  require(!options.validation || !options.validation_source, ErrorCode::invalid_argument,
          "fit: validation and validation_source are both given");
}

/// The number of units after which a schedule has decayed to zero; 0: never.
int64_t length_of(const optim::Schedule& schedule) {
  const auto period = std::visit(
      [](const auto& shape) -> int64_t {
        using Shape = std::decay_t<decltype(shape)>;
        if constexpr (std::is_same_v<Shape, optim::OneCycle>) return shape.period;
        if constexpr (std::is_same_v<Shape, optim::Polynomial>) return shape.end == 0 ? shape.period : 0;
        if constexpr (std::is_same_v<Shape, optim::Cosine>) return shape.end == 0 && !shape.periodic ? shape.period : 0;
        return 0;
      },
      schedule.shape);
  return period > 0 ? schedule.warm_up + period : 0;
}

void require_schedule(Trainer& trainer, int64_t epochs, int64_t steps_per_epoch) {
  const auto& schedule = trainer.options().update.schedule;
  const int64_t length = schedule ? length_of(*schedule) : 0;
  if (length == 0) return;
  const StepCounts counts = trainer.counts();
  const int64_t end = schedule->by_epoch ? counts.epoch + epochs : counts.steps + epochs * steps_per_epoch;
  require(end <= length, ErrorCode::invalid_argument, "fit: the schedule ends after ", length,
          schedule->by_epoch ? " epochs" : " steps", ", the run would go on to ", end);
}

History::Row row_of(const FitRun& run, bool classes, const std::optional<Metrics>& validation) {
  const Progress& progress = run.progress;
  History::Row row{{"epoch", static_cast<double>(progress.epoch)}, {"loss", progress.so_far.loss}};
  if (classes) row.push_back({"accuracy", progress.so_far.accuracy});
  row.insert(row.end(), progress.so_far.more.begin(), progress.so_far.more.end());
  if (validation) row.push_back({"val_loss", validation->loss});
  if (validation && classes) row.push_back({"val_accuracy", validation->accuracy});
  if (validation)
    for (const auto& [name, value] : validation->more) row.push_back({"val_" + name, value});
  row.push_back({"learning_rate", run.steps.empty() ? 0 : run.steps.back().learning_rate});
  return row;
}

}  // namespace

void FitRun::stop(const std::string& reason) {
  if (!stopped_) history.set("stopped", reason);
  stopped_ = true;
}

History Trainer::fit(const data::Dataset& train, const FitOptions& options) try {
  require_options(options);
  impl_->prepare_training(train, {options.batch_size, options.shuffle, options.drop_last}, false);
  return impl_->fit_epochs(*this, options, false);
} catch (const Error& error) {
  impl_->rethrow(error);
}

History Trainer::fit(const data::Source& train, const FitOptions& options) try {
  require_options(options);
  impl_->prepare_training(train, {options.batch_size, options.shuffle, options.drop_last});
  return impl_->fit_epochs(*this, options, true);
} catch (const Error& error) {
  impl_->rethrow(error);
}

History Trainer::Impl::fit_epochs(Trainer& trainer, const FitOptions& fit, bool source) {
  // What is read from the caller's data ends with this call.
  const std::unique_ptr<Impl, void (*)(Impl*)> end(this, [](Impl* impl) { impl->end_stream(); });
  const int64_t steps = training->batches();
  require_schedule(trainer, fit.epochs, steps);
  std::vector<std::unique_ptr<Observer>> observers;
  if (fit.on_progress) observers.push_back(std::make_unique<OnProgress>(fit.on_progress));
  for (const Callback& callback : fit.callbacks) observers.push_back(callback.observe());
  History history;
  set_facts(history, device.info(), options.seed, fit.batch_size);
  FitRun run(trainer, history);
  run.resident = !source;
  const auto tell = [&](void (Observer::*what)(FitRun&)) {
    for (const auto& observer : observers) ((*observer).*what)(run);
  };
  train::ProgressBar bar(fit.verbosity);
  const bool watched =
      bar.draws() || std::ranges::any_of(observers, [](const auto& observer) { return observer->watches_steps(); });
  int64_t done = trainer.steps_done();
  // No observer is called later than after the step that it waits for.
  const auto until_asked = [&](int64_t left) {
    for (const auto& observer : observers)
      if (const int64_t every = observer->every_steps(); every > 0) left = std::min(left, every - done % every);
    return left;
  };
  tell(&Observer::begin);
  for (int64_t epoch = 1; epoch <= fit.epochs && !run.stopped(); ++epoch) {
    const Stopwatch clock;
    Progress& progress = run.progress;
    progress = {.epoch = epoch, .epochs = fit.epochs, .step = 0, .steps = steps, .so_far = {}};
    Pieces pieces(watched, steps);
    train::Tally tally = builder.tally();
    while (progress.step < steps && !run.stopped()) {
      const Stopwatch piece;
      const int64_t now = pieces.next(until_asked(steps - progress.step));
      run.steps = train_steps(now);
      progress.so_far = tally.add(run.steps).means();
      pieces.took(now, piece.seconds());
      progress.step += now;
      done += now;
      progress.samples_per_second = static_cast<double>(progress.so_far.samples) / clock.seconds();
      bar.update(progress);
      tell(&Observer::steps_done);
      if (!run.stopped()) require_loss_scale();
    }
    const double seconds = clock.seconds();
    std::optional<Metrics> validation;
    if (fit.validation) validation = evaluate(*fit.validation, kValidationBatch, epoch > 1);
    if (fit.validation_source) validation = evaluate(*fit.validation_source, kValidationBatch);
    bar.finish(progress, seconds, validation ? &*validation : nullptr, options.loss.classes());
    History::Row row = row_of(run, options.loss.classes(), validation);
    if (source) row.push_back({"load_seconds", stream->take_load_seconds()});
    row.insert(row.end(), {{"seconds", seconds}, {"samples_per_second", progress.samples_per_second}});
    history.add(row);
    tell(&Observer::epoch_done);
  }
  set_longest_submission(history, learned.session());
  tell(&Observer::end);
  return history;
}

}  // namespace lemnos
