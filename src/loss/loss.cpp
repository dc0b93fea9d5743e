#include "lemnos/loss.h"

#include "base/text.h"

namespace lemnos::loss {

namespace {
// Where no row counts, the sum over rows is 0 and is divided by this instead of by 0.
constexpr float kNothing = 1e-30f;
}  // namespace

Value Loss::operator()(const std::vector<Value>& predictions, const std::vector<Value>& targets, Mask mask) const {
  if (many_) return many_(predictions, targets, mask);
  require(predictions.size() == 1 && targets.size() == 1, ErrorCode::shape_mismatch, "loss: ", kind_,
          " judges one output by one target; there are ", predictions.size(), " outputs and ", targets.size(),
          " targets (loss::joint takes a loss for each)");
  return one_(predictions[0], targets[0], mask);
}

Loss joint(std::vector<Term> terms) {
  require(!terms.empty(), ErrorCode::invalid_argument, "joint: no loss is given");
  const bool classes = terms.front().loss.classes();
  return {
      "joint", classes,
      [terms = std::move(terms)](const std::vector<Value>& predictions, const std::vector<Value>& targets, Mask mask) {
        require(predictions.size() == terms.size() && targets.size() == terms.size(), ErrorCode::shape_mismatch,
                "joint: ", terms.size(), " losses for ", predictions.size(), " outputs and ", targets.size(),
                " targets");
        Value sum;
        for (size_t i = 0; i < terms.size(); ++i) {
          const Value one = terms[i].loss({predictions[i]}, {targets[i]}, mask);
          const Value term = terms[i].weight == 1 ? one : one * terms[i].weight;
          sum = sum ? sum + term : term;
        }
        return sum;
      }};
}

Value masked_mean(Value losses, Value mask) {
  const int64_t rows = mask.shape()[0];
  require(losses.shape().rank() >= 1 && losses.shape()[0] == rows, ErrorCode::shape_mismatch, "loss: losses ",
          losses.desc(), " for a batch of ", rows, " rows");
  const Value per_row = rows ? mean(reshape(losses, Shape{rows, losses.desc().elements() / rows}), {1}) : losses;
  return sum(per_row * mask) / maximum(sum(mask), mask.graph().scalar(kNothing));
}

// Padded rows carry index -1, which the op ignores by itself; soft targets and rows of unequal weight need the mask.
Value CrossEntropy::operator()(Value logits, Value target, Mask mask) const {
  CrossEntropyOptions options{.label_smoothing = label_smoothing};
  if (!class_weights.empty())
    options.class_weights = logits.graph().constant(Shape{static_cast<int64_t>(class_weights.size())}, class_weights);
  const bool indices = !is_floating(target.dtype());
  if (indices && !mask.weighted) return softmax_cross_entropy(logits, target, options);
  options.reduction = Reduction::none;
  const Value losses = softmax_cross_entropy(logits, target, options);
  if (!indices || class_weights.empty()) return masked_mean(losses, mask);
  const Value counted = mask.rows * gather(options.class_weights, target);
  return sum(losses * mask.rows) / maximum(sum(counted), logits.graph().scalar(kNothing));
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
