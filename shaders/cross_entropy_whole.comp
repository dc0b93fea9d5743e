// Cross-entropy, its gradient and its reduction for a small batch in one launch of one workgroup. Each invocation owns
// every workgroup_size-th row.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "cross_entropy.h"
#include "common/types.glsl"
#include "common/index.glsl"
#include "common/reduce.glsl"
#include "common/cross_entropy.glsl"

layout(binding = 3) writeonly buffer Losses { float losses[]; };  // one, or one per row when reduction is none
layout(binding = 4) writeonly buffer DLogits { float dlogits[]; };

float whole_scale() {
  if (reduction != REDUCTION_MEAN) return 1.0;
  if (soft != 0) return 1.0 / float(params.rows);
  float count = 0.0;
  for (uint row = lane(); row < params.rows; row += workgroup_size) count += label_weight(targets[row]);
  count = workgroup_sum(count);
  return count == 0.0 ? 0.0 : 1.0 / count;
}

// The loss of one row, not scaled; writes its dlogits.
float row_loss(uint row, float scale) {
  const uint base = row * params.cols;
  float top = -INFINITY, total = 0.0;
  for (uint c = 0; c < params.cols; ++c) top = max(top, logits[base + c]);
  for (uint c = 0; c < params.cols; ++c) total += exp(logits[base + c] - top);
  if (log_probabilities != 0) {
    top = 0.0;
    total = 1.0;
  }
  float mass = 0.0, dot_product = 0.0;
  for (uint c = 0; c < params.cols; ++c) {
    const float t = target_at(row, c);
    mass += t;
    if (t != 0.0) dot_product += t * (logits[base + c] - top);
  }
  if (soft == 0 && uint(targets[row]) >= params.cols) mass = NOT_A_NUMBER;
  if (with_gradient != 0) {
    const float inverse = mass / total;
    for (uint c = 0; c < params.cols; ++c) {
      float d = -target_at(row, c);
      if (log_probabilities == 0) d += exp(logits[base + c] - top) * inverse;
      dlogits[base + c] = scale * d;
    }
  }
  return mass * log(total) - dot_product;
}

void main() {
  const float scale = whole_scale();
  float sum = 0.0;
  for (uint row = lane(); row < params.rows; row += workgroup_size) {
    float loss = 0.0;
    if (!is_ignored(row))
      loss = row_loss(row, scale);
    else if (with_gradient != 0)
      for (uint c = 0; c < params.cols; ++c) dlogits[row * params.cols + c] = 0.0;
    if (reduction == REDUCTION_NONE) losses[row] = loss;
    sum += loss;
  }
  if (reduction == REDUCTION_NONE) return;
  sum = workgroup_sum(sum);
  if (lane() == 0) losses[0] = sum * scale;
}
