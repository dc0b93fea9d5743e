// Callbacks: what happens beside the training while fit() runs. A Callback is a value that says how to make an
// Observer; every fit makes its own, so one value serves many runs.
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

/// What one epoch, or part of one, came to. Means over all that counted in it, however it was cut into batches; NaN
/// where nothing did.
struct Metrics {
  double loss = 0;
  double accuracy = 0;  // of class predictions; 0 for other losses
  int64_t samples = 0;
  /// Of several outputs the loss and accuracy of each, then TrainerOptions::metrics: the history's columns of that
  /// name.
  std::vector<std::pair<std::string, double>> more = {};

  /// "loss", "accuracy", or one of `more`. Throws `not_found` with those that there are.
  double operator[](const std::string& name) const;
};

/// What one step came to, as the device recorded it.
struct StepMetrics {
  int64_t step = 0;  // from 1, over all epochs
  double loss = 0;
  double correct = 0, samples = 0;  // rows that were right, rows that count
  double learning_rate = 0;
  std::vector<double> more = {};  // as Metrics::more has them
  /// What the loss, and each of `more`, was divided by.
  double loss_weight = 0;
  std::vector<double> more_weights = {};
};

/// Where a running fit stands.
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
  History& history;  // in epoch() its last row is that epoch's; facts may be set
  Progress progress;
  bool resident = true;            // the data lies on the device: steps can be run again
  std::vector<StepMetrics> steps;  // in steps_done(): those since the last call

  /// Ends the fit after this call; the first reason stays as the fact "stopped".
  void stop(const std::string& reason);
  bool stopped() const { return stopped_; }

 private:
  bool stopped_ = false;
};

class Observer {
 public:
  virtual ~Observer() = default;
  /// Before the first step; the data is on the device.
  virtual void begin(FitRun&) {}
  /// After some steps of an epoch: all of it, or, where watches_steps() of any observer or FitOptions::on_progress asks
  /// for it, about every fifth of a second. Between two calls the host is not asked.
  virtual void steps_done(FitRun&) {}
  virtual void epoch_done(FitRun&) {}
  /// After the last epoch, however it came to be the last.
  virtual void end(FitRun&) {}
  virtual bool watches_steps() const { return false; }
  /// Where that is not 0, steps_done() is also called after each step whose number is a multiple of it.
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

/// Which of two values of a monitored column is the better one. automatic: the larger of accuracies, else the smaller.
enum class Goal { automatic, smallest, largest };

/// Ends the fit when `monitor`, a column of the history, has not improved by more than `min_delta` for `patience`
/// epochs in a row (0: at the first that is no better). With restore_best the model, not the optimizer, goes back to
/// its best epoch, also when the fit ends by itself. Facts: "best_epoch", "best_<monitor>". A NaN never improves.
/// Throws `invalid_argument` for a patience or min_delta below 0, `not_found` with the columns that exist.
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
/// (PyTorch's ReduceLROnPlateau.) It works on the host's factor of the rate, so it joins any schedule.
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
/// `folder`/step-<steps>.safetensors, of which the `last` newest stay; and to `folder`/best.safetensors when `monitor`
/// improved (an empty monitor: no best). Trainer::load takes up exactly there, and a run that goes on from a step of
/// the folder writes the best anew only when it betters the value that the file notes.
/// Only files of this run go: those that it writes, and those of steps before its first, which it goes on from. What an
/// earlier run left of later steps stays, until this run comes to the same step and writes it anew.
struct Checkpoint {
  std::filesystem::path folder;
  int64_t last = 1;
  std::string monitor = {};
  int64_t every_steps = 0;
  Goal goal = Goal::automatic;
  std::unique_ptr<Observer> observe() const;
};
/// The step-*.safetensors in `folder` that was written last (copy a folder with its times, as `cp -p` does), of two of
/// one time that of the later step; empty when there is none.
std::filesystem::path latest_checkpoint(const std::filesystem::path& folder);

/// The history so far, written whole after each epoch: a .csv or a .json, by the extension. "epoch" counts all epochs
/// of the trainer. Where that has some behind it, from an earlier fit or a checkpoint, those of them that are in the
/// file stay, and what the file has of later ones goes.
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

/// Ends the fit when the loss of a step is not finite, or the parameters at the end of an epoch are not; puts the
/// trainer back to just before the step that made them so, and names the first node whose output is not finite in the
/// fact "first_bad_node" and on standard error. Costs a copy of the trainer's state at the start of each epoch; steps
/// repeat bit by bit, so nothing else is kept. Rows of a data::Source are gone by then: that run only ends.
struct StopOnNan {
  std::unique_ptr<Observer> observe() const;
};

/// Calls a function after each epoch, for what is not worth a type: a column of your own, for instance, that callbacks
/// after it can monitor: `[](FitRun& run) { run.history.put("val_f1", ..); }`.
struct OnEpoch {
  std::function<void(FitRun&)> call;
  std::unique_ptr<Observer> observe() const;
};

}  // namespace callback
}  // namespace lemnos

LEMNOS_END_PUBLIC
