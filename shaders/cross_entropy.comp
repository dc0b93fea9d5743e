// Cross-entropy and its gradient. One workgroup per row: one pass for the maximum and the sum of exp together, one for
// dlogits. The divisor of the mean was counted by cross_entropy_count.comp; the losses of the rows are summed by
// partial_sum.comp.
//@ variants REDUCE = subgroup shared
#version 450
#extension GL_GOOGLE_include_directive : require
#include "cross_entropy.h"
#include "common/types.glsl"
#include "common/index.glsl"
#include "common/reduce.glsl"
#include "common/cross_entropy.glsl"

layout(binding = 0) readonly buffer Logits4 { vec4 logits4[]; };
layout(binding = 5) writeonly buffer DLogits4 { vec4 dlogits4[]; };

const float kLowest = -3.4028235e38;

// Widens a running maximum and the sum of exp(x - top) by further values.
void widen(float v, inout float top, inout float total) {
  if (v > top) {
    total *= exp(top - v);
    top = v;
  }
  total += exp(v - top);
}
void widen(vec4 v, inout float top, inout float total) {
  const float most = max(max(v.x, v.y), max(v.z, v.w));
  if (most > top) {
    total *= exp(top - most);
    top = most;
  }
  const vec4 e = exp(v - top);
  total += (e.x + e.y) + (e.z + e.w);
}

void log_sum_exp(uint base, out float top, out float total) {
  top = kLowest;
  total = 0.0;
  if (quads != 0)
    for (uint q = lane(); q < params.cols / 4; q += workgroup_size) widen(logits4[base / 4 + q], top, total);
  else
    for (uint c = lane(); c < params.cols; c += workgroup_size) widen(logits[base + c], top, total);
  const float own = top;
  top = workgroup_max(own);
  total = workgroup_sum(total * exp(own - top));
}

void write_zeros(uint base) {
  for (uint c = lane(); c < params.cols; c += workgroup_size) dlogits[base + c] = 0.0;
}

// Any target: mass = sum(t), the loss, and dlogits.
void dense_row(uint row, float scale, float top, float total) {
  const uint base = row * params.cols;
  float mass = 0.0, dot_product = 0.0;  // sum(t), sum(t (x - top))
  for (uint c = lane(); c < params.cols; c += workgroup_size) {
    const float t = target_at(row, c);
    mass += t;
    if (t != 0.0) dot_product += t * (logits[base + c] - top);
  }
  mass = workgroup_sum(mass);
  dot_product = workgroup_sum(dot_product);
  if (soft == 0 && uint(targets[row]) >= params.cols) mass = NOT_A_NUMBER;
  if (lane() == 0) losses[row] = scale * (mass * log(total) - dot_product);
  if (with_gradient == 0) return;
  const float inverse = mass / total;
  for (uint c = lane(); c < params.cols; c += workgroup_size) {
    float d = -target_at(row, c);
    if (log_probabilities == 0) d += exp(logits[base + c] - top) * inverse;
    dlogits[base + c] = scale * d;
  }
}

// A class index alone: dlogits is a softmax but for one element.
void label_row(uint row, float scale, float top, float total) {
  const uint base = row * params.cols;
  const uint label = uint(targets[row]);
  const float mass = scale * label_weight(targets[row]);
  if (lane() == 0) losses[row] = mass * (log(total) - (logits[base + min(label, params.cols - 1)] - top));
  if (with_gradient == 0) return;
  const float inverse = log_probabilities == 0 ? mass / total : 0.0;
  if (quads != 0) {
    for (uint q = lane(); q < params.cols / 4; q += workgroup_size) {
      const vec4 is_label = vec4(equal(uvec4(4 * q) + uvec4(0, 1, 2, 3), uvec4(label)));
      dlogits4[base / 4 + q] = inverse * exp(logits4[base / 4 + q] - top) - mass * is_label;
    }
  } else {
    for (uint c = lane(); c < params.cols; c += workgroup_size)
      dlogits[base + c] = inverse * exp(logits[base + c] - top) - (c == label ? mass : 0.0);
  }
}

void main() {
  const uint row = workgroup_index();
  if (row >= params.rows) return;  // uniform in the workgroup, so are the returns below
  if (is_ignored(row)) {
    if (lane() == 0) losses[row] = 0.0;
    if (with_gradient != 0) write_zeros(row * params.cols);
    return;
  }
  float top = 0.0, total = 1.0;
  if (log_probabilities == 0) log_sum_exp(row * params.cols, top, total);
  if (is_dense())
    dense_row(row, counted_scale(), top, total);
  else
    label_row(row, counted_scale(), top, total);
}
