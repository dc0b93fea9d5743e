// Cross-entropy and its gradient for rows of few classes. A workgroup takes params.rows_per_group rows, one to an
// invocation at a time, and leaves the sum of their losses; a small batch is one workgroup, which then counts the divisor
// of the mean itself.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "cross_entropy.h"
#include "common/types.glsl"
#include "common/index.glsl"
#include "common/reduce.glsl"
#include "common/cross_entropy.glsl"
#include "common/exponential.glsl"

float scale_of_all() {
  if (counted != 0 || soft != 0 || reduction != REDUCTION_MEAN) return counted_scale();
  float count = 0.0;
  for (uint row = lane(); row < params.rows; row += workgroup_size) count += label_weight(targets[row]);
  count = workgroup_sum(count);
  return count == 0.0 ? 0.0 : 1.0 / count;
}

// Writes dlogits of one row and returns its loss, not scaled.
float row_loss(uint row, float scale) {
  const uint base = row * params.cols;
  float top = 0.0, total = 1.0;
  if (log_probabilities == 0) {
    top = -INFINITY;
    total = 0.0;
    for (uint c = 0; c < params.cols; ++c) top = max(top, logits[base + c]);
    for (uint c = 0; c < params.cols; ++c) total += exact_exp(logits[base + c] - top);
  }
  float mass = 0.0, dot_product = 0.0;
  if (is_dense()) {
    for (uint c = 0; c < params.cols; ++c) {
      const float t = target_at(row, c);
      mass += t;
      if (t != 0.0) dot_product += t * (logits[base + c] - top);
    }
    if (soft == 0 && uint(targets[row]) >= params.cols) mass = NOT_A_NUMBER;
  } else {
    mass = label_weight(targets[row]);
    dot_product = mass * (logits[base + min(uint(targets[row]), params.cols - 1)] - top);
  }
  if (with_gradient != 0) {
    const float inverse = mass / total;
    for (uint c = 0; c < params.cols; ++c) {
      float d = is_dense() ? -target_at(row, c) : (uint(targets[row]) == c ? -mass : 0.0);
      if (log_probabilities == 0) d += exact_exp(logits[base + c] - top) * inverse;
      dlogits[base + c] = scale * d;
    }
  }
  return mass * exact_log(total) - dot_product;
}

void main() {
  const uint group = workgroup_index();
  const uint begin = group * params.rows_per_group;
  if (begin >= params.rows) return;
  const uint end = begin + min(params.rows_per_group, params.rows - begin);
  const float scale = scale_of_all();
  float sum = 0.0;
  for (uint row = begin + lane(); row < end; row += workgroup_size) {
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
  if (lane() == 0) losses[group] = sum * scale;
}
