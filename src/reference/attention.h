// How the rows of attention's operands lie, for the reference and for lowering.
#pragma once

#include "lemnos/op.h"

namespace lemnos {

struct AttentionAttrs {
  bool causal = false;
  bool heads_inside = false;
  double scale = 0;  // 0: 1 / sqrt(D)

  void visit(auto&& f) { f("causal", causal), f("heads_inside", heads_inside), f("scale", scale); }
};

}  // namespace lemnos

namespace lemnos::reference {

/// A tensor [B, H, T, D] (all leading axes are B, H is 1), or [B, T, H, D] with the heads inside; steps count rows.
struct AttentionRows {
  int64_t batches, heads, positions;
  bool inside;

  static AttentionRows of(const Shape& shape, bool heads_inside);
  int64_t batch_step() const { return heads * positions; }
  int64_t head_step() const { return inside ? 1 : positions; }
  int64_t row_step() const { return inside ? heads : 1; }
  size_t index(int64_t batch, int64_t head, int64_t position) const {
    return static_cast<size_t>(batch * batch_step() + head * head_step() + position * row_step());
  }
};

/// The attribute, or 1 / sqrt(D) for q[.., D] where it is 0.
double attention_scale(const AttentionAttrs& attrs, const Shape& q);

void attention_backward(const Reference& c);

}  // namespace lemnos::reference
