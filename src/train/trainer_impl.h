// The inside of a Trainer: one graph with a training and an evaluation part, on one session.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lemnos/train.h"
#include "train/feed.h"

namespace lemnos::train {

/// Steps whose metrics the device keeps until the host reads them.
inline constexpr int64_t kRingRows = 4096;
/// Columns of a row of the ring: loss, correct, rows that count, learning rate; then what else is recorded (record.h).
inline constexpr int64_t kRingColumns = 4;

/// One program over a feed with the ring that its metrics are written to.
struct Pass {
  std::optional<Feed> feed;
  std::string name;
  Value state;                     // StepState of this pass
  Value ring;                      // f32[kRingRows, kRingColumns + recorded]
  std::vector<Value> predictions;  // each f32[B, ..]
  std::vector<Value> targets;
  std::unique_ptr<Program> program;
};

/// Means over the examples that the steps counted; `recorded` names StepMetrics::more.
Metrics mean_of(std::span<const StepMetrics> steps, const std::vector<std::string>& recorded);
/// The mean of both, by their samples.
void join(Metrics& total, const Metrics& part);

/// The shapes of one example of each input.
std::vector<Shape> examples_of(const data::Dataset& data);
/// An f32 input of the graph for each shape, in batches of that size: "`name`.x", "`name`.x1", ..
std::vector<Value> inputs_of(Graph& graph, const std::string& name, const std::vector<Shape>& examples, int64_t batch);

}  // namespace lemnos::train

namespace lemnos {

/// One tensor of a checkpoint: a parameter, a variable, or a parameter's part of an optimizer slot.
struct CheckpointEntry {
  enum class Kind { parameter, statistics, state, slot };
  std::string name;
  Value value;  // the tensor itself, or the slot it is a part of
  TensorDesc desc;
  size_t offset = 0;  // bytes within `value`
  Kind kind = Kind::parameter;

  bool belongs_to_model() const { return kind == Kind::parameter || kind == Kind::statistics; }
};
std::vector<CheckpointEntry> checkpoint_entries(Graph& graph);

struct Trainer::Impl {
  Device device;
  Model model;
  TrainerOptions options;
  std::vector<std::string> recorded;  // the names of StepMetrics::more
  std::unique_ptr<Graph> graph = std::make_unique<Graph>();
  std::unique_ptr<Session> session;
  train::Pass training;
  /// One for each size of data set that was evaluated: their data stays on the device.
  std::vector<std::unique_ptr<train::Pass>> evaluations;
  int feeds = 0;  // numbers the inputs of the feeds made so far
  std::vector<std::string> frozen;
  bool stale = false;  // the program of a step was made before the last freeze or unfreeze

  Impl(Device device, Model model, TrainerOptions options);

  /// Makes the program for `data` unless the one that is there fits, and uploads the data.
  void prepare_training(const data::Dataset& data, const train::Order& order);
  /// The same for evaluation, with cursor and step set back to the first batch.
  train::Pass& prepare_evaluation(const data::Dataset& data, int64_t batch);
  /// The model's outputs for all rows, each row after row, from the pass over them.
  std::vector<std::vector<float>> predict_all(const data::Dataset& data, int64_t batch);
  std::vector<std::vector<float>> predict_all(const data::Source& source, int64_t batch);
  /// Hands `steps` of a pass over to the device.
  void submit(train::Pass& pass, int64_t steps);
  /// Runs `steps` of a pass and returns what each came to.
  std::vector<StepMetrics> run(train::Pass& pass, int64_t steps);
  /// What the last `steps` steps of a pass came to, oldest first, as far as the ring reaches back.
  std::vector<StepMetrics> recent(train::Pass& pass, int64_t steps);
  int64_t steps_done(const train::Pass& pass);
  std::vector<uint32_t> state_words(const train::Pass& pass);
  /// Builds the parameters for inputs of those example shapes, if they are not there yet.
  void build_parameters(const std::vector<Shape>& examples);
  /// The epochs of a fit, whose steps `run` makes and returns; `load_seconds`, if any, is a column of its own.
  History fit_epochs(Trainer& trainer, const FitOptions& options, int64_t steps_per_epoch,
                     const std::function<std::vector<StepMetrics>(int64_t)>& run_steps,
                     const std::function<double()>& load_seconds = {});
  Snapshot snapshot(Snapshot::Part part);
  void restore(const Snapshot& snapshot);
  LoadReport load_matching(const std::filesystem::path& path, const std::vector<Shape>& examples);
  std::string summary(const std::vector<Shape>& examples, int64_t batch_size);

 private:
  /// A new graph and session; what was learned is carried over once the new program is there.
  void start_over();
  void build_training(const data::Dataset& data, const train::Order& order);
  /// Forward and backward for each part of the batch; the gradients are placed, the prediction of the whole is kept.
  /// Returns the losses of the whole, of which the loss is made.
  std::vector<Value> build_gradients(const nn::Scope& scope);
  std::vector<optim::Group> groups() const;
  /// One part of a batch: its predictions, and the losses over its rows, of which the loss is made.
  std::pair<std::vector<Value>, std::vector<Value>> build_part(const nn::Scope& scope, const train::Batch& part);
  bool is_frozen(const std::string& parameter) const;
  nn::Scope scope(Value scope_state, bool training) const;
  /// The model's outputs in f32.
  std::vector<Value> predict(const nn::Scope& scope, const std::vector<Value>& x) const;
  /// The node that closes a step: metrics into the ring, the state advanced.
  Value finish(train::Pass& pass, const std::vector<Value>& losses);
  Value ring_variable(const std::string& name) const;
};

}  // namespace lemnos
