// y = x * scale where the random bits of the element reach the threshold, else 0. One invocation per four consecutive
// elements, which is one Philox block; nothing is stored, backward runs the same kernel on dy.
//@ variants T = f32 f16 bf16 f16p bf16p
#version 450
#extension GL_GOOGLE_include_directive : require
#include "dropout.h"
#include "common/types.glsl"
#include "common/index.glsl"
#include "common/vector.glsl"

layout(binding = 0) readonly buffer X { T x[]; };
layout(binding = 1) readonly buffer State { uint state[]; };
layout(binding = 2) WRITTEN buffer Y { T y[]; };
layout(binding = 0) readonly buffer X4 { T4 x4[]; };
layout(binding = 2) WRITTEN buffer Y4 { T4 y4[]; };

#include "common/mask.glsl"

void main() {
  const uint quad = invocation_index();
  const uint first = quad * 4;
  if (first >= params.count) return;
  if (grouped == 0) {
    const bvec4 keep = greaterThanEqual(mask_bits(quad), uvec4(params.threshold));
    if (first + 4 <= params.count) {
      STORE4(y4, quad, mix(vec4(0.0), LOAD4(x4, quad) * params.scale, keep));
      return;
    }
    const uint end = min(first + 4, params.count);
    for (uint i = first; i < end; ++i) STORE(y, i, keep[i - first] ? LOAD(x, i) * params.scale : 0.0);
    return;
  }
  const uint end = min(first + 4, params.count);
  for (uint i = first; i < end; ++i) {
    const uint mask = i / params.per_mask;
    const bool keep = mask_bits(mask / 4)[mask % 4] >= params.threshold;
    STORE(y, i, keep ? LOAD(x, i) * params.scale : 0.0);
  }
}
