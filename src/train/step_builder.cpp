#include "train/step_builder.h"

#include <algorithm>

#include "base/pattern.h"
#include "base/text.h"
#include "lemnos/autograd.h"
#include "lemnos/loop.h"
#include "train/record.h"

namespace lemnos::train {

namespace {

// As in the losses: where no row counts, 0 is divided by this.
constexpr float kLeastRows = 1e-30f;

/// The next row in place of each, the first in place of the last: the batch is in random order already.
Value rotated(Value v) {
  const Value parts[] = {slice_axis(v, 0, 1, v.shape()[0]), slice_axis(v, 0, 0, 1)};
  return concat(parts, 0);
}

/// The same within the rows that are no padding; `v` is what padding is to be.
Value rotated_within(Value v, Value there) {
  std::vector<int64_t> extents(v.shape().rank(), 1);
  extents[0] = v.shape()[0];
  const Shape rows(extents);
  const Value last = reshape(there * affine(rotated(there), -1, 1), rows);  // of a padded batch
  return where(last, slice_axis(v, 0, 0, 1), where(reshape(there, rows), rotated(v), v));
}

/// What each loss of a batch is divided by.
std::vector<Value> weights_of(const Loss& loss, const Batch& batch) {
  std::vector<Value> weights = loss.weights(batch.y, batch.mask);
  for (size_t k = 0; k < weights.size(); ++k)
    if (!weights[k]) weights[k] = loss::counts(batch.y[k], batch.mask);
  return weights;
}

}  // namespace

StepBuilder::StepBuilder(const Model& model, const TrainerOptions& options)
    : model_(model), options_(options), recorded_(recorded_names(options)) {
  require(is_floating(options.compute), ErrorCode::invalid_argument, "trainer: compute is ", to_string(options.compute),
          ", it takes f32, f16 or bf16");
  require(options.average >= 0 && options.average < 1, ErrorCode::invalid_argument, "trainer: average ",
          options.average, " is outside [0, 1)");
  require(options.mixup >= 0 && options.mixup <= .5f, ErrorCode::invalid_argument, "trainer: mixup ", options.mixup,
          " is outside [0, 0.5]");
}

nn::Scope StepBuilder::scope(Graph& graph, Value state, bool training) const {
  nn::Scope made(graph, state, training, options_.seed);
  made.compute = options_.compute;
  return made;
}

std::vector<Value> StepBuilder::predict(const nn::Scope& building, const std::vector<Value>& x) const {
  std::vector<Value> outputs = model_(building, x);
  require(!outputs.empty(), ErrorCode::shape_mismatch, "model: ", model_.kind(), " has no output");
  for (Value& y : outputs)
    if (is_floating(y.dtype())) y = cast(y, DType::f32);
  return outputs;
}

std::vector<Shape> examples_of(const data::Dataset& data) {
  std::vector<Shape> examples;
  for (const data::ColumnView& column : columns_of(data))
    if (column.use == data::ColumnView::Use::input) examples.push_back(column.array->desc.shape.without(0));
  return examples;
}

std::vector<Value> inputs_of(Graph& graph, const std::string& name, const std::vector<Shape>& examples, int64_t batch) {
  std::vector<Value> inputs;
  for (const Shape& example : examples) {
    std::vector<int64_t> dims{batch};
    dims.insert(dims.end(), example.begin(), example.end());
    inputs.push_back(
        graph.input(inputs.empty() ? name + ".x" : text(name, ".x", inputs.size()), {Shape(dims), DType::f32}));
  }
  return inputs;
}

void StepBuilder::add_parameters(Graph& graph, const std::vector<Shape>& examples) const {
  (void)model_(scope(graph, step_state(graph), false), inputs_of(graph, "shape", examples, 1));
}

void StepBuilder::require_fits(const data::Dataset& like, int64_t batch) const {
  Graph trial;
  const nn::Scope trying = scope(trial, step_state(trial), true);
  require_logits(options_, model_(trying, inputs_of(trial, "trial", examples_of(like), batch)), like);
}

AdvanceOptions StepBuilder::advance(const Pass& pass) const {
  AdvanceOptions options = optim::advance_options(options_.optimizer);
  options.batches_per_epoch = 0;  // the state knows
  options.batch = pass.feed->order().batch;
  return options;
}

Value StepBuilder::finish(Pass& pass, const std::vector<Value>& losses) const {
  const Batch& batch = pass.feed->batch();
  // Without classes what counts is all that is known: {0, count}.
  const Value counts = options_.loss.classes() ? right_and_counted(pass.predictions[0], batch.y[0], batch.mask)
                                               : reshape(loss::counts(batch.y[0], batch.mask), Shape{1}) *
                                                     pass.graph().constant({2}, std::vector<float>{0, 1});
  const Value more = train::recorded(options_, pass.predictions, batch, losses);
  pass.add_ring(recorded_.size(), more ? more.desc().elements() : 0);
  return finish_step(pass.state, pass.ring, reshape(options_.loss.total(losses), Shape{}), counts, advance(pass), more);
}

std::vector<Value> StepBuilder::add_losses(const nn::Scope& building, const Batch& part,
                                           std::vector<Value>& outputs) const {
  if (options_.mixup == 0) {
    outputs = predict(building, part.x);
    return options_.loss.each(outputs, part.y, part.mask);
  }
  Batch partner = part.each(rotated);
  if (part.count) {
    for (size_t i = 0; i < part.y.size(); ++i)
      if (!is_floating(part.y[i].dtype())) partner.y[i] = rotated_within(part.y[i], part.there);
    partner.mask.rows = rotated_within(part.mask, part.there);
  }
  const Value share = random_uniform(building.state(), {Shape{}, DType::f32}, 0, options_.mixup,
                                     static_cast<uint32_t>(options_.seed), "mixup");
  const Value rest = affine(share, -1, 1);
  std::vector<Value> mixed;
  for (size_t i = 0; i < part.x.size(); ++i) mixed.push_back(part.x[i] * rest + partner.x[i] * share);
  outputs = predict(building, mixed);
  std::vector<Value> losses = options_.loss.each(outputs, part.y, part.mask);
  const std::vector<Value> partners = options_.loss.each(outputs, partner.y, partner.mask);
  for (size_t k = 0; k < losses.size(); ++k) losses[k] = losses[k] * rest + partners[k] * share;
  return losses;
}

std::vector<Value> StepBuilder::add_gradients(nn::Scope building, Pass& pass,
                                              const std::vector<Value>& learning) const {
  const Value scale =
      options_.update.loss_scale ? loss_scale(pass.state, options_.update.loss_scale->initial) : Value();
  if (options_.accumulate > 1) return add_gradients_by_parts(building, pass, learning, scale);
  const Batch& batch = pass.feed->batch();
  building.counted = {batch.count, pass.feed->order().batch};
  const std::vector<Value> losses = add_losses(building, batch, pass.predictions);
  const Value total = reshape(options_.loss.total(losses), Shape{});
  place_gradients(learning, gradients(scale ? total * scale : total, learning));
  return losses;
}

// A loop over the parts, which carries the sums of the gradients: forward and backward are in the plan once.
std::vector<Value> StepBuilder::add_gradients_by_parts(const nn::Scope& building, Pass& pass,
                                                       const std::vector<Value>& learning, Value scale) const {
  const Batch& whole = pass.feed->batch();
  const int64_t parts = options_.accumulate, rows = pass.feed->order().batch / parts;
  std::vector<Value> slices, zero;
  (void)whole.each([&](Value v) {
    std::vector<int64_t> extents{parts, rows};
    extents.insert(extents.end(), v.shape().begin() + 1, v.shape().end());
    slices.push_back(reshape(v, Shape(extents)));
    return v;
  });
  for (Value p : learning) zero.push_back(zeros(pass.graph(), p.shape()));
  const std::vector<Value> all = weights_of(options_.loss, whole);
  std::vector<bool> reached(learning.size());
  size_t outputs = 0;
  const LoopResults made = repeat(parts, zero, slices, [&](LoopBody& b) {
    nn::Scope inside = scope(b.graph(), b.step_state(pass.state), true);
    inside.updates = building.updates;
    size_t at = 0;
    Batch part = whole.each([&](Value) { return b.slice(at++); });
    if (whole.count) {
      const Value before = cast(b.index(), DType::f32) * static_cast<float>(rows);
      const Value rest = cast(b.capture(whole.count), DType::f32) - before;
      part.count = cast(clamp(rest, 0, static_cast<float>(rows)), DType::u32);
    }
    inside.counted = {part.count, rows};
    LoopStep step;
    std::vector<Value> losses = add_losses(inside, part, step.stacked);
    outputs = step.stacked.size();
    // The parts count by what each divided by, so that they add up to the whole batch's mean.
    const std::vector<Value> weights = weights_of(options_.loss, part);
    for (size_t k = 0; k < losses.size(); ++k)
      losses[k] = losses[k] * (weights[k] / maximum(b.capture(all[k]), b.graph().scalar(kLeastRows)));
    const Value total = reshape(options_.loss.total(losses), Shape{});
    std::vector<Value> parameters;
    for (Value p : learning) parameters.push_back(b.graph().find(p.name()));
    const std::vector<Value> found = gradients(scale ? total * b.capture(scale) : total, parameters);
    for (size_t p = 0; p < found.size(); ++p) {
      reached[p] = static_cast<bool>(found[p]);
      step.carried.push_back(reached[p] ? b.carried(p) + found[p] : b.carried(p));
    }
    step.stacked.insert(step.stacked.end(), losses.begin(), losses.end());
    return step;
  });
  std::vector<Value> totals;
  for (size_t p = 0; p < learning.size(); ++p) totals.push_back(reached[p] ? made.carried[p] : Value());
  place_gradients(learning, totals);
  for (size_t k = 0; k < outputs; ++k) {
    const Shape& shape = made.stacked[k].shape();
    std::vector<int64_t> extents(shape.begin() + 1, shape.end());
    extents[0] *= parts;
    pass.predictions.push_back(reshape(made.stacked[k], Shape(extents)));
  }
  *building.updates = made.updates;
  std::vector<Value> losses;
  for (size_t k = outputs; k < made.stacked.size(); ++k) losses.push_back(sum(made.stacked[k], {0}));
  return losses;
}

std::vector<optim::Group> StepBuilder::groups(Graph& graph) const {
  std::vector<optim::Group> made;
  for (const NamedGroup& group : options_.groups) {
    optim::Group& g =
        made.emplace_back(optim::Group{.lr_scale = group.lr_scale, .weight_decay_scale = group.weight_decay_scale});
    for (Value p : graph.parameters())
      if (matches(group.parameters, p.name())) g.parameters.push_back(p);
    if (!g.parameters.empty()) continue;
    std::string names;
    for (Value p : graph.parameters()) names += " " + p.name();
    fail(ErrorCode::not_found, "group: no parameter matches '", group.parameters, "'; there are", names);
  }
  return made;
}

void StepBuilder::add_updates(Pass& pass, const ByClock& learning) const {
  Graph& graph = pass.graph();
  optim::UpdateOptions update = options_.update;
  update.norm_of = placed_parameters(graph);
  const std::vector<optim::Group> named = groups(graph);
  update.groups.insert(update.groups.end(), named.begin(), named.end());
  Value updated;
  for (const auto& [clock, names] : learning) {
    update.name = clock ? std::to_string(clock) : std::string();
    update.parameters.clear();
    for (Value p : update.norm_of)
      if (std::ranges::count(names, p.name())) update.parameters.push_back(p);
    if (update.parameters.empty()) continue;
    updated = optim::apply(graph, options_.optimizer, update);
    pass.targets.push_back(updated);
    if (clock) pass.targets.push_back(advance_step(optim::clock(graph, update.name), advance(pass)));
  }
  require(static_cast<bool>(updated), ErrorCode::invalid_argument,
          "train: the loss depends on no parameter that learns");
  if (options_.average > 0) pass.targets.push_back(optim::average_parameters(graph, updated, options_.average));
}

void StepBuilder::add_training(Pass& pass, const data::Dataset& like, const ByClock& learning) const {
  std::vector<Value> statistics;  // updates of running statistics
  nn::Scope building = scope(pass.graph(), pass.state, true);
  building.updates = &statistics;
  std::vector<Value> parameters;
  for (const auto& [clock, names] : learning)
    for (const std::string& name : names) parameters.push_back(pass.graph().find(name));
  const std::vector<Value> losses = add_gradients(building, pass, parameters);
  require_logits(options_, pass.predictions, like);
  add_updates(pass, learning);
  pass.targets.push_back(finish(pass, losses));
  pass.targets.insert(pass.targets.end(), statistics.begin(), statistics.end());
}

void StepBuilder::add_evaluation(Pass& pass, const data::Dataset& like) const {
  const Batch& batch = pass.feed->batch();
  pass.predictions = predict(scope(pass.graph(), pass.state, false), batch.x);
  require_logits(options_, pass.predictions, like);
  // Without targets there is nothing to judge: only the batches are gone through.
  pass.targets = {batch.y.empty() ? advance_step(pass.state, advance(pass))
                                  : finish(pass, options_.loss.each(pass.predictions, batch.y, batch.mask))};
  pass.targets.insert(pass.targets.end(), pass.predictions.begin(), pass.predictions.end());
}

}  // namespace lemnos::train
