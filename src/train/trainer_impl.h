// The inside of a Trainer: one graph with a training and an evaluation part, on one session.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "lemnos/train.h"
#include "train/feed.h"

namespace lemnos::train {

/// Steps whose metrics the device keeps until the host reads them.
inline constexpr int64_t kRingRows = 4096;
/// Columns of a row of the ring: loss, correct, rows that count, learning rate.
inline constexpr int64_t kRingColumns = 4;

/// One program over a feed with the ring that its metrics are written to.
struct Pass {
  std::optional<Feed> feed;
  std::string name;
  Value state;       // StepState of this pass
  Value ring;        // f32[kRingRows, kRingColumns]
  Value prediction;  // f32[B, ..]
  std::vector<Value> targets;
  std::unique_ptr<Program> program;
};

}  // namespace lemnos::train

namespace lemnos {

/// One tensor of a checkpoint: a parameter, a variable, or a parameter's part of an optimizer slot.
struct CheckpointEntry {
  std::string name;
  Value value;  // the tensor itself, or the slot it is a part of
  TensorDesc desc;
  size_t offset = 0;  // bytes within `value`
  bool weight = false;
};
std::vector<CheckpointEntry> checkpoint_entries(Graph& graph);

struct Trainer::Impl {
  Device device;
  Model model;
  TrainerOptions options;
  std::unique_ptr<Graph> graph = std::make_unique<Graph>();
  std::unique_ptr<Session> session;
  train::Pass training;
  /// One for each size of data set that was evaluated: their data stays on the device.
  std::vector<std::unique_ptr<train::Pass>> evaluations;
  int feeds = 0;  // numbers the inputs of the feeds made so far

  Impl(Device device, Model model, TrainerOptions options);

  /// Makes the program for `data` unless the one that is there fits, and uploads the data.
  void prepare_training(const data::Dataset& data, int64_t batch, bool shuffle);
  /// The same for evaluation, with cursor and step set back to the first batch.
  train::Pass& prepare_evaluation(const data::Dataset& data, int64_t batch);
  /// Runs `steps` of a pass and returns the means over them.
  Metrics run(train::Pass& pass, int64_t steps);
  /// Rows of the ring for the last `steps` steps of a pass, oldest first.
  std::vector<float> ring_rows(train::Pass& pass, int64_t steps);
  int64_t steps_done(const train::Pass& pass);
  /// Builds the parameters for an input of that example shape, if they are not there yet.
  void build_parameters(const Shape& example);

 private:
  /// A new graph and session; what was learned is carried over once the new program is there.
  void start_over();
  void build_training(const data::Dataset& data, int64_t batch, bool shuffle);
  nn::Scope scope(Value scope_state, bool training) const;
  /// The node that closes a step: metrics into the ring, the state advanced.
  Value finish(train::Pass& pass, Value loss);
};

}  // namespace lemnos
