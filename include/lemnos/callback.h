// Callbacks: actions while fit() runs. A Callback is a value that creates an Observer. Every fit creates its own
// Observer, so one Callback can be used in many runs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "lemnos/history.h"
#include "lemnos/visibility.h"

LEMNOS_BEGIN_PUBLIC

namespace lemnos {

class Trainer;
using History = io::History;

/// The metrics of an epoch or of a part of one: means over all rows that count, independent of the division into
/// batches. NaN if no row counts.
struct Metrics {
  double loss = 0;
  double accuracy = 0;  // of class predictions; 0 for other losses
  int64_t samples = 0;
  /// For several outputs the loss and accuracy of each, then TrainerOptions::metrics, under the names of the history's
  /// columns.
  std::vector<std::pair<std::string, double>> more = {};

  /// "loss", "accuracy", or one of `more`. Throws `not_found` with the names that exist.
  double operator[](const std::string& name) const;
};

/// The metrics of one step, as the device recorded them.
struct StepMetrics {
  int64_t step = 0;  // from 1, over all epochs
  double loss = 0;
  double correct = 0, samples = 0;  // correct rows, counted rows
  double learning_rate = 0;
  std::vector<double> more = {};  // as Metrics::more
  /// The divisors of the loss and of each entry of `more`.
  double loss_weight = 0;
  std::vector<double> more_weights = {};
};

/// The position of a running fit.
struct Progress {
  int64_t epoch = 0, epochs = 0;  // from 1
  int64_t step = 0, steps = 0;    // of the epoch, from 1
  Metrics so_far;
  double samples_per_second = 0;
};

/// A running fit, as an Observer sees it.
class FitRun {
 public:
  FitRun(Trainer& of, History& into) : trainer(of), history(into) {}

  Trainer& trainer;
  History& history;  // in epoch(), the last row is that of the epoch; facts may be set
  Progress progress;
  bool resident = true;            // the data is on the device, so steps can be repeated
  std::vector<StepMetrics> steps;  // in steps_done(): those since the last call

  /// Ends the fit after this call. The first reason becomes the fact "stopped".
  void stop(const std::string& reason);
  /// Whether stop() was called.
  bool stopped() const { return stopped_; }

 private:
  bool stopped_ = false;
};

/// What a callback becomes for one run of fit(): it is told what happens.
class Observer {
 public:
  virtual ~Observer() = default;
  /// Before the first step; the data is on the device.
  virtual void begin(FitRun&) {}
  /// After some steps: at the end of the epoch or, if watches_steps() of any observer or FitOptions::on_progress
  /// requests it, about five times a second. Between two calls the host does nothing.
  virtual void steps_done(FitRun&) {}
  /// After each epoch, its validation included.
  virtual void epoch_done(FitRun&) {}
  /// After the last epoch, including an early end.
  virtual void end(FitRun&) {}
  /// Whether steps_done() is wanted more often than at the end of an epoch.
  virtual bool watches_steps() const { return false; }
  /// If not 0, steps_done() is also called after each step whose number is a multiple of it.
  virtual int64_t every_steps() const { return 0; }
};

/// Anything with `std::unique_ptr<Observer> observe() const` is a Callback.
class Callback {
 public:
  template <typename C>
  requires(!std::is_same_v<C, Callback> && requires(const C& c) { std::unique_ptr<Observer>(c.observe()); })
      Callback(C callback)
      : observe_([callback = std::move(callback)] { return callback.observe(); }) {}
  std::unique_ptr<Observer> observe() const { return observe_(); }

 private:
  std::function<std::unique_ptr<Observer>()> observe_;
};

namespace callback {

/// Which value of a monitored column is better. automatic: the larger for accuracies, otherwise the smaller.
enum class Goal { automatic, smallest, largest };

/// Ends the fit when `monitor`, a column of the history, has not improved by more than `min_delta` for `patience`
/// epochs in a row (0: at the first that is no better). With restore_best the model, but not the optimizer, is restored
/// to its best epoch, also when the fit ends normally. Facts: "best_epoch", "best_<monitor>". NaN is never an
/// improvement. Throws `invalid_argument` for a patience or min_delta below 0, `not_found` with the columns that exist.
struct EarlyStopping {
  std::string monitor = "val_loss";
  double min_delta = 0;
  int64_t patience = 0;
  bool restore_best = true;
  Goal goal = Goal::automatic;
  std::unique_ptr<Observer> observe() const;
};

/// Multiplies the learning rate by `factor` when `monitor` has not improved, by more than `threshold` of its best
/// value, for more than `patience` epochs; then waits `cooldown` epochs before it counts again. Never below min_lr.
/// (PyTorch's ReduceLROnPlateau.) It changes the host's factor of the rate, so it can be combined with any schedule.
struct ReduceOnPlateau {
  std::string monitor = "val_loss";
  double factor = .1;
  int64_t patience = 10;
  double threshold = 1e-4;
  int64_t cooldown = 0;
  double min_lr = 0;
  Goal goal = Goal::automatic;
  std::unique_ptr<Observer> observe() const;
};

/// After each epoch, and every `every_steps` steps where that is not 0, the whole state to
/// `folder/step-STEPS.safetensors`, of which the `last` newest are kept; and to `folder/best.safetensors` when
/// `monitor` improved (an empty monitor: no best). Trainer::load resumes exactly there. A run that resumes from a step
/// of the folder overwrites the best file only if it improves on the value noted in the file. Only files of this run
/// are deleted: those that it writes, and those of steps before its first step. Files of later steps that an earlier
/// run left are kept until this run reaches the same step and overwrites them.
struct Checkpoint {
  std::filesystem::path folder;
  int64_t last = 1;
  std::string monitor = {};
  int64_t every_steps = 0;
  Goal goal = Goal::automatic;
  std::unique_ptr<Observer> observe() const;
};
/// The step-*.safetensors in `folder` that was written last; among files of equal time the one of the later step; empty
/// if there is none. (Copy a folder with its times, as `cp -p` does.)
std::filesystem::path latest_checkpoint(const std::filesystem::path& folder);

/// The history so far, written whole after each epoch: a .csv or a .json, by the extension. "epoch" counts all epochs
/// of the trainer. If the trainer has finished epochs, from an earlier fit or a checkpoint, the file keeps their rows
/// and loses the rows of later epochs.
struct HistoryLog {
  std::filesystem::path path;
  std::unique_ptr<Observer> observe() const;
};

/// Event files that TensorBoard reads: the history's columns as "epoch/<column>" against the trainer's epoch, with
/// `steps` "step/loss", "step/learning_rate" and StepMetrics::more against the step, with `histograms` the parameters
/// after each epoch.
struct TensorBoard {
  std::filesystem::path folder;
  bool steps = true;
  bool histograms = true;
  std::unique_ptr<Observer> observe() const;
};

/// Ends the fit when the loss of a step is not finite, or the parameters at the end of an epoch are not; restores the
/// trainer to the state before the step that caused it, and names the first node whose output is not finite in the fact
/// "first_bad_node" and on standard error. Costs a copy of the trainer's state at the start of each epoch; steps repeat
/// bit by bit, so nothing else is kept. With a data::Source the rows are no longer available, so the run only ends.
struct StopOnNan {
  std::unique_ptr<Observer> observe() const;
};

/// Calls a function after each epoch, for example to add a column that later callbacks can monitor: `[](FitRun& run) {
/// run.history.put("val_f1", ..); }`.
struct OnEpoch {
  std::function<void(FitRun&)> call;
  std::unique_ptr<Observer> observe() const;
};

}  // namespace callback
}  // namespace lemnos

LEMNOS_END_PUBLIC
