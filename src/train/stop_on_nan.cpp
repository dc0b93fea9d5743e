// Stops a run whose loss is NaN, restores the state before, and names the first value that was not finite.
#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "lemnos/log.h"
#include "lemnos/train.h"

namespace lemnos::callback {

namespace {

class StopOnNanObserver final : public Observer {
 public:
  void begin(FitRun& run) override { remember(run.trainer); }
  void steps_done(FitRun& run) override {
    const auto bad = std::ranges::find_if(run.steps, [](const StepMetrics& step) { return !std::isfinite(step.loss); });
    if (bad == run.steps.end()) return;
    if (!run.resident) return run.stop(text("step ", bad->step, ": the loss is ", bad->loss));
    end(run, text("step ", bad->step, ": the loss is ", bad->loss), search(run.trainer, bad->step));
  }
  // The last step of an epoch may leave parameters that are no numbers though its own loss was one.
  void epoch_done(FitRun& run) override {
    if (run.stopped()) return;
    const std::string bad = run.trainer.first_bad_parameter();
    if (bad.empty()) return remember(run.trainer);
    if (!run.resident) return run.stop(bad);
    const int64_t good = last_good_step(run.trainer);
    end(run, text("step ", good + 1, " leaves ", bad), or_the_update(run.trainer.first_bad_node()));
  }

 private:
  static void end(FitRun& run, const std::string& happened, const std::string& what) {
    const std::string line = text(happened, "; first not finite: ", what);
    default_logger()(LogLevel::warning, line);
    run.history.set("first_bad_node", what);
    run.stop(line);
  }
  static std::string or_the_update(const std::string& what) {
    return what.empty() ? "no value of the step: its update overflows" : what;
  }

  // Goes back to the last step after which the parameters were numbers.
  int64_t last_good_step(Trainer& trainer) {
    int64_t good = start_, bad = trainer.steps_done();
    const auto go_to = [&](int64_t step) {
      trainer.restore(state_);
      trainer.step(step - start_);
    };
    while (bad - good > 1) {
      const int64_t middle = good + (bad - good) / 2;
      go_to(middle);
      (trainer.first_bad_parameter().empty() ? good : bad) = middle;
    }
    go_to(good);
    return good;
  }

  void remember(Trainer& trainer) {
    start_ = trainer.steps_done();
    state_ = trainer.snapshot();
  }

  // The steps since the snapshot once more, up to before the bad one. Where its parameters are bad already, the step
  // before it made them so, though its own loss was a number.
  std::string search(Trainer& trainer, int64_t bad_step) {
    for (int64_t before = bad_step - 1;; --before) {
      trainer.restore(state_);
      trainer.step(before - start_);
      const std::string what = trainer.first_bad_node();
      if (before == start_ || !what.starts_with("parameter")) return or_the_update(what);
    }
  }

  int64_t start_ = 0;
  Snapshot state_;
};

}  // namespace

std::unique_ptr<Observer> StopOnNan::observe() const { return std::make_unique<StopOnNanObserver>(); }

}  // namespace lemnos::callback
