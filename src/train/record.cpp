#include "train/record.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "lemnos/ops.h"

namespace lemnos {

namespace {

// As in the losses: where no row counts, 0 is divided by this.
constexpr float kLeastCount = 1e-30f;

// {right, counted} as a share.
Value share(Value counts) {
  return slice_axis(counts, 0, 0, 1) / maximum(slice_axis(counts, 0, 1, 2), counts.graph().scalar(kLeastCount));
}

}  // namespace

std::vector<std::string> train::recorded_names(const TrainerOptions& options) {
  std::vector<std::string> names;
  for (const loss::Term& term : options.loss.terms()) {
    names.push_back(term.name + "_loss");
    if (term.loss.classes()) names.push_back(term.name + "_accuracy");
  }
  for (const metrics::Metric& metric : options.metrics) {
    require(static_cast<bool>(metric.value), ErrorCode::invalid_argument, "metric '", metric.name,
            "': it has no function");
    names.push_back(metric.name);
  }
  std::vector<std::string> taken = {"", "epoch", "loss", "accuracy", "learning_rate", "seconds", "samples_per_second"};
  for (const std::string& name : names) {
    require(std::ranges::find(taken, name) == taken.end(), ErrorCode::invalid_argument, "metric '", name,
            "': the name is taken, or empty");
    taken.push_back(name);
  }
  return names;
}

void train::require_logits(const TrainerOptions& options, const std::vector<Value>& predictions,
                           const data::Dataset& data) {
  const std::vector<loss::Term>& terms = options.loss.terms();
  std::vector<data::ColumnView> targets = columns_of(data);
  std::erase_if(targets, [](const data::ColumnView& column) { return column.use != data::ColumnView::Use::target; });
  const size_t judged = std::min({std::max<size_t>(terms.size(), 1), targets.size(), predictions.size()});
  for (size_t k = 0; k < judged; ++k) {
    if (!(terms.empty() ? options.loss : terms[k].loss).classes()) continue;
    const Shape& shape = predictions[k].shape();
    const int64_t logits = shape.rank() ? shape[shape.rank() - 1] : 1;
    require(logits >= targets[k].classes, ErrorCode::shape_mismatch, "data set: ", targets[k].name, " has ",
            targets[k].classes, " classes, but the model's output has ", logits, " logits");
  }
}

Value train::right_and_counted(Value prediction, Value target, Value mask) {
  if (target.dtype() == DType::i32) return accuracy_count(prediction, target);
  // The likeliest class, and for rows that do not count the class that is left out.
  Graph& graph = target.graph();
  const Value classes = argmax(target), nothing = full(graph, classes.shape(), -1, DType::i32);
  std::vector<int64_t> extents(classes.shape().rank(), 1);
  extents[0] = mask.shape()[0];
  return accuracy_count(prediction, where(reshape(mask, Shape(extents)), classes, nothing));
}

Value train::recorded(const TrainerOptions& options, const std::vector<Value>& predictions, const Batch& batch,
                      const std::vector<Value>& losses) {
  std::vector<Value> numbers, weights;
  const auto add = [&](Value mean, Value weight) {
    numbers.push_back(mean);
    weights.push_back(weight);
  };
  const auto or_counts = [&](Value weight, size_t output) {
    return weight ? weight : loss::counts(batch.y[output], batch.mask);
  };
  const std::vector<Value> own = options.loss.weights(batch.y, batch.mask);
  const std::vector<loss::Term>& terms = options.loss.terms();
  for (size_t k = 0; k < terms.size(); ++k) {
    add(losses[k], or_counts(own[k], k));
    if (!terms[k].loss.classes()) continue;
    const Value counts = right_and_counted(predictions[k], batch.y[k], batch.mask);
    add(share(counts), slice_axis(counts, 0, 1, 2));
  }
  for (const metrics::Metric& metric : options.metrics) {
    const auto outputs = static_cast<int64_t>(std::min(predictions.size(), batch.y.size()));
    require(metric.output >= 0 && metric.output < outputs, ErrorCode::out_of_range, "metric '", metric.name,
            "': output ", metric.output, " of ", outputs);
    const auto at = static_cast<size_t>(metric.output);
    const Value value = metric.value(predictions[at], batch.y[at], batch.mask);
    require(value.desc().elements() == 1 && value.dtype() == DType::f32, ErrorCode::shape_mismatch, "metric '",
            metric.name, "': it is ", value.desc(), ", not one f32");
    add(value, or_counts(metric.value.weight ? metric.value.weight(batch.y[at], batch.mask) : Value(), at));
  }
  // The terms of a joint loss are added up. Accuracy counts labels or rows, not their weights.
  const bool counted = !own[0] && !(options.loss.classes() && batch.mask.weighted);
  if (terms.empty() && !counted) weights.push_back(or_counts(own[0], 0));
  numbers.insert(numbers.end(), weights.begin(), weights.end());
  if (numbers.empty()) return {};
  for (Value& number : numbers) number = reshape(number, Shape{1});
  return concat(numbers);
}

void train::Tally::Sum::add(double mean, double by) {
  if (by == 0) return;  // whatever it says, it says nothing
  value += mean * by;
  weight += by;
}

double train::Tally::Sum::mean() const { return weight == 0 ? NAN : value / weight; }

train::Tally& train::Tally::add(std::span<const StepMetrics> steps) {
  for (const StepMetrics& step : steps) {
    loss_.add(step.loss, step.loss_weight);
    right_.value += step.correct;
    right_.weight += step.samples;
    for (size_t i = 0; i < more_.size(); ++i) more_[i].add(step.more[i], step.more_weights[i]);
  }
  return *this;
}

Metrics train::Tally::means() const {
  Metrics means{.loss = loss_.mean(), .accuracy = right_.mean(), .samples = static_cast<int64_t>(right_.weight)};
  for (size_t i = 0; i < more_.size(); ++i) means.more.emplace_back(recorded_[i], more_[i].mean());
  const std::vector<loss::Term>& terms = options_.loss.terms();
  if (!terms.empty()) means.loss = 0;
  for (const loss::Term& term : terms) means.loss += term.weight * means[term.name + "_loss"];
  return means;
}

double Metrics::operator[](const std::string& name) const {
  if (name == "loss") return loss;
  if (name == "accuracy") return accuracy;
  std::string known = "loss, accuracy";
  for (const auto& [known_name, value] : more) {
    if (known_name == name) return value;
    known += ", " + known_name;
  }
  fail(ErrorCode::not_found, "metrics: no '", name, "'; there are ", known);
}

namespace metrics {

Value TopK::weight(Value target, loss::Mask mask) const { return loss::counts(target, {mask.rows, false}); }

Value TopK::operator()(Value logits, Value target, loss::Mask) const {
  return share(accuracy_count(logits, target, k));
}

Value BinaryAccuracy::operator()(Value prediction, Value target, loss::Mask mask) const {
  Graph& graph = prediction.graph();
  const Value positive = greater(prediction, graph.scalar(threshold)), truth = greater(target, graph.scalar(.5f));
  return loss::masked_mean(cast(equal(positive, truth), DType::f32), mask);
}

}  // namespace metrics
}  // namespace lemnos
