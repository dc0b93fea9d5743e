// Stops a run whose loss is no number any more, goes back to just before, and names what was first not finite.
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
    const std::string what = search(run.trainer, bad->step);
    const std::string line = text("step ", bad->step, ": the loss is ", bad->loss, "; first not finite: ", what);
    default_logger()(LogLevel::warning, line);
    run.history.set("first_bad_node", what);
    run.stop(line);
  }
  void epoch_done(FitRun& run) override {
    if (!run.stopped()) remember(run.trainer);
  }

 private:
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
      if (before == start_ || !what.starts_with("parameter"))
        return what.empty() ? "nothing while a step is computed: its update overflows" : what;
    }
  }

  int64_t start_ = 0;
  Snapshot state_;
};

}  // namespace

std::unique_ptr<Observer> StopOnNan::observe() const { return std::make_unique<StopOnNanObserver>(); }

}  // namespace lemnos::callback
