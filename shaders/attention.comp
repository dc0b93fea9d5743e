// y = softmax(scale q k^T) v without the scores in memory. One invocation per query, which keeps the running maximum and
// total of its weights, and its result in a column of shared memory that nobody else touches. The workgroup walks the keys
// four at a time, all of its invocations at the same ones.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "attention.h"
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
layout(binding = 3) buffer Y1 { uint y1[]; };
layout(binding = 3) buffer Y2 { uvec2 y2[]; };
layout(binding = 3) buffer Y4 { uvec4 y4[]; };
layout(binding = 4) writeonly buffer Logs { float logs[]; };

DEFINE_READER(q_one, q_four, format, q1, q2, q4)
DEFINE_READER(k_one, k_four, format, k1, k2, k4)
DEFINE_READER(v_one, v_four, format, v1, v2, v4)
DEFINE_WRITER(y_four, format, y1, y2, y4)

shared vec4 sums[value_quads * workgroup_size];

// The scores of the keys in rows[0] to rows[3].
vec4 score(uint own, uint rows[4]) {
  vec4 products[4] = vec4[4](vec4(0.0), vec4(0.0), vec4(0.0), vec4(0.0));
  [[dont_unroll]] for (uint d = 0; d < quads; ++d) {
    const vec4 q = uintBitsToFloat(q_four(own * quads + d));
    [[unroll]] for (uint i = 0; i < 4; ++i) products[i] += q * uintBitsToFloat(k_four(rows[i] * quads + d));
  }
  return params.scale * vec4(sum4(products[0]), sum4(products[1]), sum4(products[2]), sum4(products[3]));
}

void main() {
  if (!find_rows()) return;
  const uint own = own_index, column = lane();
  [[dont_unroll]] for (uint e = 0; e < value_quads; ++e) sums[e * workgroup_size + column] = vec4(0.0);
  float top = kLowest, total = 0.0;
  const uint end = causal != 0 ? min(params.others, first_position + workgroup_size) : params.others;
  for (uint s = 0; s < end; s += 4) {
    const uvec4 keys = s + uvec4(0, 1, 2, 3);
    uint rows[4];
    [[unroll]] for (uint i = 0; i < 4; ++i) rows[i] = other_index(min(keys[i], end - 1));
    bvec4 seen = lessThan(keys, uvec4(end));
    if (causal != 0) seen = lessThan(keys, uvec4(min(end, own_position + 1)));
    const vec4 scores = mix(vec4(kLowest), score(own, rows), seen);
    const float higher = max(top, max(max(scores.x, scores.y), max(scores.z, scores.w)));
    const float fade = exact_exp(top - higher);
    const vec4 weights = mix(vec4(0.0), exact_exp(scores - higher), seen);
    top = higher;
    total = total * fade + sum4(weights);
    [[dont_unroll]] for (uint e = 0; e < value_quads; ++e) {
      vec4 v = sums[e * workgroup_size + column] * fade;
      [[unroll]] for (uint i = 0; i < 4; ++i) v += weights[i] * uintBitsToFloat(v_four(rows[i] * value_quads + e));
      sums[e * workgroup_size + column] = v;
    }
  }
  [[dont_unroll]] for (uint e = 0; e < value_quads; ++e)
    y_four(own * value_quads + e, floatBitsToUint(sums[e * workgroup_size + column] / total), 4);
  logs[own] = total > 0.0 ? top + exact_log(total) : not_a_number();
}
