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
  if (!is_floating(target.dtype())) return softmax_cross_entropy(logits, target, {.label_smoothing = label_smoothing});
  return masked_mean(
      softmax_cross_entropy(logits, target, {.reduction = Reduction::none, .label_smoothing = label_smoothing}), mask);
}

Value Mse::operator()(Value prediction, Value target, Value mask) const {
  return masked_mean(mse_loss(prediction, target, Reduction::none), mask);
}

}  // namespace lemnos::loss
