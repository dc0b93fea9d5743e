// dq, dk or dv of attention. The weights come again from q, k and the logarithms that forward left: p = exp(scale q k - log),
// ds = p (dy v - sum(dy y)) scale. One invocation per row of the result, kept in a column of shared memory that nobody else
// touches, sums over the other rows in their order, four at a time: the keys for dq, the queries for dk and dv, the same
// ones for the whole workgroup.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "attention_backward.h"
#include "common/index.glsl"
#include "common/floats.glsl"
#include "common/attention.glsl"
#include "common/exponential.glsl"

layout(binding = 0) readonly buffer Q1 { uint q1[]; };
layout(binding = 0) readonly buffer Q2 { uvec2 q2[]; };
layout(binding = 0) readonly buffer Q4 { uvec4 q4[]; };
layout(binding = 1) readonly buffer K1 { uint k1[]; };
layout(binding = 1) readonly buffer K2 { uvec2 k2[]; };
layout(binding = 1) readonly buffer K4 { uvec4 k4[]; };
layout(binding = 2) readonly buffer V1 { uint v1[]; };
layout(binding = 2) readonly buffer V2 { uvec2 v2[]; };
layout(binding = 2) readonly buffer V4 { uvec4 v4[]; };
layout(binding = 3) readonly buffer DY1 { uint dy1[]; };
layout(binding = 3) readonly buffer DY2 { uvec2 dy2[]; };
layout(binding = 3) readonly buffer DY4 { uvec4 dy4[]; };
layout(binding = 4) readonly buffer Logs { float logs[]; };
layout(binding = 5) readonly buffer Inner { float inner[]; };
layout(binding = 6) buffer Result1 { uint result1[]; };
layout(binding = 6) buffer Result2 { uvec2 result2[]; };
layout(binding = 6) buffer Result4 { uvec4 result4[]; };

DEFINE_READER(q_one, q_four, format, q1, q2, q4)
DEFINE_READER(k_one, k_four, format, k1, k2, k4)
DEFINE_READER(v_one, v_four, format, v1, v2, v4)
DEFINE_READER(dy_one, dy_four, format, dy1, dy2, dy4)
DEFINE_WRITER(result_four, format, result1, result2, result4)

const uint result_quads = part == ATTENTION_VALUE ? value_quads : quads;

shared vec4 sums[result_quads * workgroup_size];

// Quads of the row that is multiplied into the score, and of the one multiplied into the gradient of the weight.
vec4 own_score(uint at) { return uintBitsToFloat(part == ATTENTION_QUERY ? q_four(at) : k_four(at)); }
vec4 own_value(uint at) { return uintBitsToFloat(part == ATTENTION_QUERY ? dy_four(at) : v_four(at)); }
vec4 other_score(uint at) { return uintBitsToFloat(part == ATTENTION_QUERY ? k_four(at) : q_four(at)); }
vec4 other_value(uint at) { return uintBitsToFloat(part == ATTENTION_QUERY ? v_four(at) : dy_four(at)); }

vec4 totals(vec4 products[4]) {
  return vec4(sum4(products[0]), sum4(products[1]), sum4(products[2]), sum4(products[3]));
}
vec4 score_products(uint own, uint rows[4]) {
  vec4 products[4] = vec4[4](vec4(0.0), vec4(0.0), vec4(0.0), vec4(0.0));
  [[dont_unroll]] for (uint d = 0; d < quads; ++d) {
    const vec4 v = own_score(own * quads + d);
    [[unroll]] for (uint i = 0; i < 4; ++i) products[i] += v * other_score(rows[i] * quads + d);
  }
  return totals(products);
}
vec4 value_products(uint own, uint rows[4]) {
  vec4 products[4] = vec4[4](vec4(0.0), vec4(0.0), vec4(0.0), vec4(0.0));
  [[dont_unroll]] for (uint e = 0; e < value_quads; ++e) {
    const vec4 v = own_value(own * value_quads + e);
    [[unroll]] for (uint i = 0; i < 4; ++i) products[i] += v * other_value(rows[i] * value_quads + e);
  }
  return totals(products);
}

void main() {
  if (!find_rows()) return;
  const uint own = own_index, column = lane();
  [[dont_unroll]] for (uint d = 0; d < result_quads; ++d) sums[d * workgroup_size + column] = vec4(0.0);
  uint begin = 0, end = params.others;
  if (causal != 0 && part == ATTENTION_QUERY) end = min(end, first_position + workgroup_size);
  if (causal != 0 && part != ATTENTION_QUERY) begin = first_position;
  for (uint o = begin; o < end; o += 4) {
    const uvec4 others = o + uvec4(0, 1, 2, 3);
    uint rows[4];
    vec4 log_totals, inners;
    [[unroll]] for (uint i = 0; i < 4; ++i) {
      rows[i] = other_index(min(others[i], end - 1));
      const uint query = part == ATTENTION_QUERY ? own : rows[i];
      log_totals[i] = logs[query];
      inners[i] = inner[query];
    }
    bvec4 seen = lessThan(others, uvec4(end));
    if (causal != 0 && part == ATTENTION_QUERY) seen = lessThan(others, uvec4(min(end, own_position + 1)));
    if (causal != 0 && part != ATTENTION_QUERY)
      [[unroll]] for (uint i = 0; i < 4; ++i) seen[i] = seen[i] && others[i] >= own_position;
    const vec4 exponents = params.scale * score_products(own, rows) - log_totals;
    const vec4 p = exact_exp(mix(vec4(kLowest), exponents, seen));
    vec4 shares = p;
    if (part != ATTENTION_VALUE) shares *= params.scale * (value_products(own, rows) - inners);
    [[dont_unroll]] for (uint d = 0; d < result_quads; ++d) {
      vec4 v = sums[d * workgroup_size + column];
      [[unroll]] for (uint i = 0; i < 4; ++i)
        v += shares[i] * (part == ATTENTION_VALUE ? other_value(rows[i] * value_quads + d)
                                                  : other_score(rows[i] * quads + d));
      sums[d * workgroup_size + column] = v;
    }
  }
  [[dont_unroll]] for (uint d = 0; d < result_quads; ++d)
    result_four(own * result_quads + d, floatBitsToUint(sums[d * workgroup_size + column]), 4);
}
