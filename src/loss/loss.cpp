#include "lemnos/loss.h"

#include <set>

#include "base/text.h"
#include "loss/loss_list.h"

namespace lemnos::loss {

namespace {
// Where no row counts, the sum over rows is 0 and is divided by this instead of by 0.
constexpr float kLeastCount = 1e-30f;

Value constant_of(const std::vector<float>& values, Graph& graph) {
  return graph.constant(Shape{static_cast<int64_t>(values.size())}, values);
}

/// 1 where a class index is not negative, else 0.
Value counted_labels(Value target) {
  return cast(greater_equal(target, full(target.graph(), Shape{}, 0, target.dtype())), DType::f32);
}

/// The mask [B], to be multiplied with x[B, ..].
Value mask_like(Value x, Value mask) {
  std::vector<int64_t> extents(x.shape().rank(), 1);
  extents[0] = mask.shape()[0];
  return reshape(mask, Shape(extents));
}
}  // namespace

std::vector<Value> Loss::each(const std::vector<Value>& predictions, const std::vector<Value>& targets,
                              Mask mask) const {
  if (many_) return {many_(predictions, targets, mask)};
  if (one_) {
    require(predictions.size() == 1 && targets.size() == 1, ErrorCode::shape_mismatch, "loss: ", kind_,
            " takes one output and one target, not ", predictions.size(), " outputs and ", targets.size(),
            " targets (loss::joint takes a loss for each)");
    return {one_(predictions[0], targets[0], mask)};
  }
  require(predictions.size() == terms().size() && targets.size() == terms().size(), ErrorCode::shape_mismatch,
          "joint: ", terms().size(), " losses for ", predictions.size(), " outputs and ", targets.size(), " targets");
  std::vector<Value> losses;
  for (size_t i = 0; i < predictions.size(); ++i)
    losses.push_back(terms()[i].loss({predictions[i]}, {targets[i]}, mask));
  return losses;
}

Value Loss::total(const std::vector<Value>& each) const {
  if (terms().empty()) return each.at(0);
  Value sum;
  for (size_t i = 0; i < each.size(); ++i) {
    const float weight = terms()[i].weight;
    const Value term = weight == 1 ? each[i] : each[i] * weight;
    sum = sum ? sum + term : term;
  }
  return sum;
}

std::vector<Value> Loss::weights(const std::vector<Value>& targets, Mask mask) const {
  if (terms().empty()) return {weight_ ? weight_(targets.at(0), mask) : Value()};
  std::vector<Value> weights;
  for (size_t i = 0; i < terms().size(); ++i) weights.push_back(terms()[i].loss.weights({targets.at(i)}, mask)[0]);
  return weights;
}

const std::vector<Term>& Loss::terms() const {
  static const std::vector<Term> none;
  return terms_ ? *terms_ : none;
}

Loss joint(std::vector<Term> terms) {
  require(!terms.empty(), ErrorCode::invalid_argument, "joint: no loss is given");
  std::set<std::string> names;
  for (size_t i = 0; i < terms.size(); ++i) {
    if (terms[i].name.empty()) terms[i].name = text("out", i + 1);
    require(names.insert(terms[i].name).second, ErrorCode::invalid_argument, "joint: two terms are named '",
            terms[i].name, "'");
  }
  Loss made("joint", terms.front().loss.classes(), Loss::Many{});
  made.terms_ = std::make_shared<const std::vector<Term>>(std::move(terms));
  return made;
}

std::span<const Maker<Loss>> loss_makers() { return makers_of<Loss>(LossList{}); }

Loss loss_from_name(const std::string& kind, const Attrs& options) {
  return find_maker(loss_makers(), kind, "loss").make(options);
}

Value counts(Value target, Mask mask) {
  if (is_floating(target.dtype()) || mask.weighted) return sum(mask.rows);
  return sum(counted_labels(target));
}

Value masked_mean(Value losses, Value mask) {
  const int64_t rows = mask.shape()[0];
  require(losses.shape().rank() >= 1 && losses.shape()[0] == rows, ErrorCode::shape_mismatch, "loss: losses ",
          losses.desc(), " for a batch of ", rows, " rows");
  const Value per_row = rows ? mean(reshape(losses, Shape{rows, losses.desc().elements() / rows}), {1}) : losses;
  return sum(per_row * mask) / maximum(sum(mask), mask.graph().scalar(kLeastCount));
}

// Padded rows carry index -1, which the op ignores by itself; soft targets and rows of unequal weight need the mask.
Value CrossEntropy::operator()(Value logits, Value target, Mask mask) const {
  CrossEntropyOptions options{.label_smoothing = label_smoothing};
  if (!class_weights.empty()) options.class_weights = constant_of(class_weights, logits.graph());
  const bool indices = !is_floating(target.dtype());
  if (indices && !mask.weighted) return softmax_cross_entropy(logits, target, options);
  options.reduction = Reduction::none;
  const Value losses = softmax_cross_entropy(logits, target, options);
  if (!indices) return masked_mean(losses, mask);
  return sum(losses * mask_like(losses, mask)) / maximum(weight(target, mask), logits.graph().scalar(kLeastCount));
}

// The weights of rows and classes, over the labels that are not negative; probabilities divide by the rows.
Value CrossEntropy::weight(Value target, Mask mask) const {
  if (is_floating(target.dtype()) || (class_weights.empty() && !mask.weighted)) return {};
  Value counted =
      class_weights.empty() ? counted_labels(target) : gather(constant_of(class_weights, target.graph()), target);
  if (mask.weighted) counted = counted * mask_like(counted, mask);
  return sum(counted);
}

Value BinaryCrossEntropy::operator()(Value logits, Value target, Value mask) const {
  return masked_mean(binary_cross_entropy_with_logits(logits, target, positive_weight, Reduction::none), mask);
}

Value Mae::operator()(Value prediction, Value target, Value mask) const {
  return masked_mean(l1_loss(prediction, target, Reduction::none), mask);
}

Value Huber::operator()(Value prediction, Value target, Value mask) const {
  return masked_mean(huber_loss(prediction, target, delta, Reduction::none), mask);
}

Value Mse::operator()(Value prediction, Value target, Value mask) const {
  return masked_mean(mse_loss(prediction, target, Reduction::none), mask);
}

}  // namespace lemnos::loss
