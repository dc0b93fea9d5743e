// Cross-entropy and its gradient in one pass over rows. One workgroup per row: maximum, sum of exp, loss, dlogits. The
// divisor of the mean was counted by cross_entropy_count.comp; the losses of the rows are summed by partial_sum.comp.
//@ variants REDUCE = subgroup shared
#version 450
#extension GL_GOOGLE_include_directive : require
#include "cross_entropy.h"
#include "common/types.glsl"
#include "common/index.glsl"
#include "common/reduce.glsl"
#include "common/cross_entropy.glsl"

layout(binding = 3) readonly buffer Divisor { float divisor[]; };
layout(binding = 4) writeonly buffer Losses { float losses[]; };
layout(binding = 5) writeonly buffer DLogits { float dlogits[]; };

float row_scale() {
  if (reduction != REDUCTION_MEAN) return 1.0;
  if (soft != 0) return 1.0 / float(params.rows);
  return divisor[0] == 0.0 ? 0.0 : 1.0 / divisor[0];
}

void main() {
  const uint row = workgroup_index();
  if (row >= params.rows) return;
  const uint base = row * params.cols;
  if (is_ignored(row)) {
    if (lane() == 0) losses[row] = 0.0;
    if (with_gradient != 0)
      for (uint c = lane(); c < params.cols; c += workgroup_size) dlogits[base + c] = 0.0;
    return;
  }

  float top = 0.0, log_total = 0.0, scale = row_scale(), inverse = 0.0;
  if (log_probabilities == 0) {
    top = -INFINITY;
    for (uint c = lane(); c < params.cols; c += workgroup_size) top = max(top, logits[base + c]);
    top = workgroup_max(top);
    float total = 0.0;
    for (uint c = lane(); c < params.cols; c += workgroup_size) total += exp(logits[base + c] - top);
    total = workgroup_sum(total);
    log_total = log(total);
    inverse = 1.0 / total;
  }

  // mass = sum(t), dot = sum(t (x - top))
  float mass = 0.0, dot_product = 0.0;
  if (is_dense()) {
    for (uint c = lane(); c < params.cols; c += workgroup_size) {
      const float t = target_at(row, c);
      mass += t;
      if (t != 0.0) dot_product += t * (logits[base + c] - top);
    }
    mass = workgroup_sum(mass);
    dot_product = workgroup_sum(dot_product);
    if (soft == 0 && uint(targets[row]) >= params.cols) mass = NOT_A_NUMBER;
  } else {
    mass = label_weight(targets[row]);
    dot_product = mass * (logits[base + min(uint(targets[row]), params.cols - 1)] - top);
  }
  if (lane() == 0) losses[row] = scale * (mass * log_total - dot_product);
  if (with_gradient == 0) return;
  for (uint c = lane(); c < params.cols; c += workgroup_size) {
    float d = -target_at(row, c);
    if (log_probabilities == 0) d += mass * exp(logits[base + c] - top) * inverse;
    dlogits[base + c] = scale * d;
  }
}
