// Callbacks that follow a column of the history, and those that write it down.
#include <algorithm>

#include "base/text.h"
#include "io/history.h"
#include "lemnos/train.h"
#include "train/monitor.h"

namespace lemnos::callback {

namespace {

class EarlyStoppingObserver final : public Observer {
 public:
  explicit EarlyStoppingObserver(const EarlyStopping& options)
      : options_(options), monitor_(options.monitor, options.goal) {}

  void epoch_done(FitRun& run) override {
    const double value = monitor_.value(run.history);
    if (monitor_.improves(value, options_.min_delta)) {
      waited_ = 0;
      run.history.set("best_epoch", run.progress.epoch);
      run.history.set("best_" + monitor_.column(), value);
      if (options_.restore_best) best_ = run.trainer.snapshot(Snapshot::Part::model);
    } else if (++waited_ >= std::max<int64_t>(options_.patience, 1)) {
      run.stop(text(monitor_.column(), " has not improved for ", waited_, " epochs"));
    }
  }
  void end(FitRun& run) override {
    if (!best_.tensors.empty() && waited_ > 0) run.trainer.restore(best_);
  }

 private:
  EarlyStopping options_;
  train::Monitor monitor_;
  int64_t waited_ = 0;
  Snapshot best_;
};

class ReduceOnPlateauObserver final : public Observer {
 public:
  explicit ReduceOnPlateauObserver(const ReduceOnPlateau& options)
      : options_(options), monitor_(options.monitor, options.goal) {}

  void epoch_done(FitRun& run) override {
    const double value = monitor_.value(run.history);
    const double margin = std::isnan(monitor_.best()) ? 0 : options_.threshold * std::abs(monitor_.best());
    bad_ = monitor_.improves(value, margin) ? 0 : bad_ + 1;
    if (cooling_ > 0) {
      --cooling_;
      bad_ = 0;
    }
    if (bad_ <= options_.patience) return;
    bad_ = 0;
    cooling_ = options_.cooldown;
    const double factor = run.trainer.counts().learning_rate_factor;
    const double rate = run.steps.empty() ? 0 : run.steps.back().learning_rate;
    // The rate of a step is the host's factor times the rest, which follows from the last step.
    const double least = rate > 0 ? factor * options_.min_lr / rate : 0;
    run.trainer.set_learning_rate_factor(std::max(factor * options_.factor, std::min(least, factor)));
  }

 private:
  ReduceOnPlateau options_;
  train::Monitor monitor_;
  int64_t bad_ = 0, cooling_ = 0;
};

class HistoryLogObserver final : public Observer {
 public:
  explicit HistoryLogObserver(std::filesystem::path path) : path_(std::move(path)) {}

  void begin(FitRun& run) override {
    before_ = run.trainer.counts().epoch;
    std::error_code none;
    if (before_ == 0 || !std::filesystem::exists(path_, none)) return;
    const History there = io::read_history(path_);
    if (!there.has(kEpoch)) return;
    for (size_t i = 0; i < there.epochs(); ++i)
      if (there[kEpoch][i] <= static_cast<double>(before_)) earlier_.add(row_of(there, i, 0));
  }
  void epoch_done(FitRun& run) override { write(run.history); }
  void end(FitRun& run) override { write(run.history); }  // with the facts of the end

 private:
  static constexpr const char* kEpoch = "epoch";

  /// Row i, so many epochs later.
  static History::Row row_of(const History& history, size_t i, int64_t later) {
    History::Row row;
    for (const std::string& column : history.columns())
      row.emplace_back(column, history[column][i] + static_cast<double>(column == kEpoch ? later : 0));
    return row;
  }
  void write(const History& history) {
    History all = earlier_;
    for (size_t i = 0; i < history.epochs(); ++i) all.add(row_of(history, i, before_));
    for (const auto& [name, fact] : history.facts()) all.set(name, fact);
    io::write_history(path_, all);
  }

  std::filesystem::path path_;
  int64_t before_ = 0;  // epochs of the trainer before this fit,
  History earlier_;     // as the file has them
};

class OnEpochObserver final : public Observer {
 public:
  explicit OnEpochObserver(std::function<void(FitRun&)> call) : call_(std::move(call)) {}
  void epoch_done(FitRun& run) override { call_(run); }

 private:
  std::function<void(FitRun&)> call_;
};

}  // namespace

std::unique_ptr<Observer> EarlyStopping::observe() const {
  require(patience >= 0, ErrorCode::invalid_argument, "early stopping: patience ", patience, " is below 0");
  require(min_delta >= 0, ErrorCode::invalid_argument, "early stopping: min_delta ", min_delta, " is below 0");
  return std::make_unique<EarlyStoppingObserver>(*this);
}

std::unique_ptr<Observer> ReduceOnPlateau::observe() const {
  require(patience >= 0 && cooldown >= 0, ErrorCode::invalid_argument, "reduce on plateau: patience ", patience,
          " or cooldown ", cooldown, " is below 0");
  require(factor > 0 && factor < 1, ErrorCode::invalid_argument, "reduce on plateau: factor ", factor,
          " is outside (0, 1)");
  require(threshold >= 0 && min_lr >= 0, ErrorCode::invalid_argument, "reduce on plateau: threshold ", threshold,
          " or min_lr ", min_lr, " is below 0");
  return std::make_unique<ReduceOnPlateauObserver>(*this);
}

std::unique_ptr<Observer> HistoryLog::observe() const { return std::make_unique<HistoryLogObserver>(path); }

std::unique_ptr<Observer> OnEpoch::observe() const {
  require(call != nullptr, ErrorCode::invalid_argument, "on epoch: the function is empty");
  return std::make_unique<OnEpochObserver>(call);
}

}  // namespace lemnos::callback
