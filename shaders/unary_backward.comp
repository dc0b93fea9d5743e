// dx = dy * f'(s), elementwise. One invocation per four consecutive elements.
//@ variants T = f32 f16 bf16 f16p bf16p
#version 450
#extension GL_GOOGLE_include_directive : require
#include "unary_backward.h"
#include "common/types.glsl"
#include "common/index.glsl"
#include "common/vector.glsl"
#include "common/unary.glsl"

layout(binding = 0) readonly buffer S { T s[]; };
layout(binding = 1) readonly buffer DY { T dy[]; };
layout(binding = 2) WRITTEN buffer DX { T dx[]; };
layout(binding = 0) readonly buffer S4 { T4 s4[]; };
layout(binding = 1) readonly buffer DY4 { T4 dy4[]; };
layout(binding = 2) WRITTEN buffer DX4 { T4 dx4[]; };

// `precise`: dy times a slope of 0 is NaN where dy is, which a compiler might take for 0.
float slope(float v) { return unary_slope(function, v, params.a, params.b); }

void main() {
  const uint quad = invocation_index();
  const uint first = quad * 4;
  if (first >= params.count) return;
  if (first + 4 <= params.count) {
    const vec4 v = LOAD4(s4, quad);
    precise const vec4 result = LOAD4(dy4, quad) * vec4(slope(v.x), slope(v.y), slope(v.z), slope(v.w));
    STORE4(dx4, quad, result);
    return;
  }
  const uint end = min(first + 4, params.count);
  for (uint i = first; i < end; ++i) {
    precise const float result = LOAD(dy, i) * slope(LOAD(s, i));
    STORE(dx, i, result);
  }
}
