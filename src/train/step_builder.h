// A step as nodes: model, loss, gradients, update, metrics. Graph in, targets out. Independent of device and memory.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "lemnos/train.h"
#include "train/feed.h"
#include "train/pass.h"
#include "train/record.h"

namespace lemnos::train {

/// Which parameters learn, by the clock that counts their updates (learned.h).
using ByClock = std::map<int, std::vector<std::string>>;

class StepBuilder {
 public:
  /// Throws `invalid_argument` for options out of range. Both must outlive it.
  StepBuilder(const Model& model, const TrainerOptions& options);

  /// The parameters that a model for inputs of these shapes has, built without anything that needs them.
  void add_parameters(Graph& graph, const std::vector<Shape>& examples) const;
  /// Throws what the model and the loss throw for such batches; uses only a temporary graph.
  void require_fits(const data::Dataset& like, int64_t batch) const;

  /// A step over the feed of `pass`, from the batch to the new parameters and the ring.
  void add_training(Pass& pass, const data::Dataset& like, const ByClock& learning) const;
  /// Predictions and, if there are targets, their metrics.
  void add_evaluation(Pass& pass, const data::Dataset& like) const;
  nn::Scope scope(Graph& graph, Value state, bool training) const;
  /// The model's outputs in f32.
  std::vector<Value> predict(const nn::Scope& scope, const std::vector<Value>& x) const;
  /// For the steps of an epoch, or of a part of one.
  Tally tally() const { return Tally(options_, recorded_); }

 private:
  /// The losses of a batch; `outputs` receives the predictions.
  std::vector<Value> add_losses(const nn::Scope& scope, const Batch& part, std::vector<Value>& outputs) const;
  /// Forward and backward; the gradients are placed, the predictions are kept. Returns the losses.
  std::vector<Value> add_gradients(nn::Scope scope, Pass& pass, const std::vector<Value>& learning) const;
  /// The same for each part of the batch. `scale`: factor of the loss, or empty.
  std::vector<Value> add_gradients_by_parts(const nn::Scope& scope, Pass& pass, const std::vector<Value>& learning,
                                            Value scale) const;
  void add_updates(Pass& pass, const ByClock& learning) const;
  std::vector<optim::Group> groups(Graph& graph) const;
  AdvanceOptions advance(const Pass& pass) const;
  /// The node that closes a step: metrics into the ring, the state advanced.
  Value finish(Pass& pass, const std::vector<Value>& losses) const;

  const Model& model_;
  const TrainerOptions& options_;
  std::vector<std::string> recorded_;
};

/// The shapes of one example of each input.
std::vector<Shape> examples_of(const data::Dataset& data);
/// An f32 input of the graph for each shape, in batches of that size: "`name`.x", "`name`.x1", ..
std::vector<Value> inputs_of(Graph& graph, const std::string& name, const std::vector<Shape>& examples, int64_t batch);

}  // namespace lemnos::train
