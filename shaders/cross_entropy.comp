// Cross-entropy and its gradient. A team per row: one pass for the maximum and the sum of exp together, one for
// dlogits. The divisor of the mean was counted by cross_entropy_count.comp; the losses of the rows are summed by
// partial_sum.comp.
//@ variants REDUCE = subgroup shared
#version 450
#extension GL_GOOGLE_include_directive : require
#include "cross_entropy.h"
#include "common/types.glsl"
#include "common/team.glsl"
#include "common/cross_entropy.glsl"
#include "common/exponential.glsl"

layout(binding = 0) readonly buffer Logits4 { vec4 logits4[]; };
layout(binding = 5) writeonly buffer DLogits4 { vec4 dlogits4[]; };

DEFINE_TEAM_LOAD(load_logits, logits, logits4, -INFINITY)
DEFINE_TEAM_STORE(store_dlogits, dlogits, dlogits4)

#define FOR_COLUMNS_OF_MEMBER(c) for (uint c = member(); c < params.cols; c += members())

void log_sum_exp(uint base, out float top, out float total) {
  top = LOWEST;
  total = 0.0;
  FOR_TURNS_OF_MEMBER(at) {
    const vec4 v = load_logits(base, at);
    const float above = max(top, max4(v));
    total = total * exact_exp(top - above) + sum4(exact_exp(v - above));
    top = above;
  }
  const float own = top;
  top = team_max(own);
  total = team_sum(total * exact_exp(own - top));
}

void write_zeros(uint base) {
  FOR_TURNS_OF_MEMBER(at) store_dlogits(base, at, vec4(0.0));
}

// Any target: mass = sum(t), the loss, and dlogits.
void dense_row(uint row, float scale, float top, float total) {
  const uint base = row * params.cols;
  float mass = 0.0, dot_product = 0.0;  // sum(t), sum(t (x - top))
  FOR_COLUMNS_OF_MEMBER(c) {
    const float t = target_at(row, c);
    mass += t;
    if (t != 0.0) dot_product += t * (logits[base + c] - top);
  }
  mass = team_sum(mass);
  dot_product = team_sum(dot_product);
  if (soft == 0 && uint(targets[row]) >= params.cols) mass = NOT_A_NUMBER;
  if (member() == 0) losses[row] = scale * (mass * exact_log(total) - dot_product);
  if (with_gradient == 0) return;
  const float inverse = mass / total;
  FOR_COLUMNS_OF_MEMBER(c) {
    float d = -target_at(row, c);
    if (log_probabilities == 0) d += exact_exp(logits[base + c] - top) * inverse;
    dlogits[base + c] = scale * d;
  }
}

// A class index alone: dlogits is a softmax but for one element.
void label_row(uint row, float scale, float top, float total) {
  const uint base = row * params.cols;
  const uint label = uint(targets[row]);
  const float mass = scale * label_weight(targets[row]);
  if (member() == 0) losses[row] = mass * (exact_log(total) - (logits[base + min(label, params.cols - 1)] - top));
  if (with_gradient == 0) return;
  const float inverse = log_probabilities == 0 ? mass / total : 0.0;
  FOR_TURNS_OF_MEMBER(at) {
    const uvec4 column = at + spread() * uvec4(0, 1, 2, 3);
    vec4 d = -mass * vec4(equal(column, uvec4(label)));
    if (log_probabilities == 0) d += inverse * exact_exp(load_logits(base, at) - top);
    store_dlogits(base, at, d);
  }
}

void one_row(uint row) {
  if (is_ignored(row)) {
    if (member() == 0) losses[row] = 0.0;
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

void main() {
  FOR_ROWS_OF_TEAM(row) one_row(row);  // what a row decides, it decides for the whole team
}
