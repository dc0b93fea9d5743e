// The callback that writes event files for TensorBoard.
#include "io/event_file.h"
#include "lemnos/train.h"

namespace lemnos::callback {

namespace {

class TensorBoardObserver final : public Observer {
 public:
  explicit TensorBoardObserver(const TensorBoard& options) : options_(options), file_(options.folder) {}

  void begin(FitRun& run) override { before_ = run.trainer.counts().epoch; }
  void steps_done(FitRun& run) override {
    if (!options_.steps) return;
    for (const StepMetrics& step : run.steps) {
      file_.scalar("step/loss", step.step, step.loss);
      file_.scalar("step/learning_rate", step.step, step.learning_rate);
      for (size_t i = 0; i < step.more.size(); ++i)
        file_.scalar("step/" + run.progress.so_far.more[i].first, step.step, step.more[i]);
    }
  }
  void epoch_done(FitRun& run) override {
    const int64_t epoch = before_ + run.progress.epoch;
    for (const std::string& column : run.history.columns())
      if (column != "epoch") file_.scalar("epoch/" + column, epoch, run.history.last(column));
    if (!options_.histograms) return;
    for (Value p : run.trainer.graph().parameters())
      file_.histogram("parameters/" + p.name(), epoch, run.trainer.session().read_floats(p));
  }

 private:
  TensorBoard options_;
  io::EventFile file_;
  int64_t before_ = 0;  // epochs of the trainer before this fit
};

}  // namespace

std::unique_ptr<Observer> TensorBoard::observe() const { return std::make_unique<TensorBoardObserver>(*this); }

}  // namespace lemnos::callback
