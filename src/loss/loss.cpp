#include "lemnos/loss.h"

#include "base/text.h"

namespace lemnos::loss {

Value masked_mean(Value losses, Value mask) {
  const int64_t rows = mask.shape()[0];
  require(losses.shape().rank() >= 1 && losses.shape()[0] == rows, ErrorCode::shape_mismatch, "loss: losses ",
          losses.desc(), " for a batch of ", rows, " rows");
  const Value per_row = rows ? mean(reshape(losses, Shape{rows, losses.desc().elements() / rows}), {1}) : losses;
  return sum(per_row * mask) / maximum(sum(mask), mask.graph().scalar(1));
}

// Padded rows carry index -1, which the op ignores by itself; soft targets need the mask.
Value CrossEntropy::operator()(Value logits, Value target, Value mask) const {
  CrossEntropyOptions options{.label_smoothing = label_smoothing};
  if (!class_weights.empty())
    options.class_weights = logits.graph().constant(Shape{static_cast<int64_t>(class_weights.size())}, class_weights);
  if (!is_floating(target.dtype())) return softmax_cross_entropy(logits, target, options);
  options.reduction = Reduction::none;
  return masked_mean(softmax_cross_entropy(logits, target, options), mask);
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
