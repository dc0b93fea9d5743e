// dx = dy * f'(s), elementwise. One invocation per four consecutive elements.
//@ variants T = f32 f16 bf16 f16p bf16p
//@ variants FUNCTIONS = epilogue elementary
#version 450
#extension GL_GOOGLE_include_directive : require
#include "unary_backward.h"
#include "common/types.glsl"
#include "common/index.glsl"
#include "common/vector.glsl"
#ifdef FUNCTIONS_elementary
#include "common/elementary.glsl"
#else
#include "common/unary.glsl"
#endif

layout(binding = 0) readonly buffer S { T s[]; };
layout(binding = 1) readonly buffer DY { T dy[]; };
layout(binding = 2) WRITTEN buffer DX { T dx[]; };
layout(binding = 0) readonly buffer S4 { T4 s4[]; };
layout(binding = 1) readonly buffer DY4 { T4 dy4[]; };
layout(binding = 2) WRITTEN buffer DX4 { T4 dx4[]; };

// dy f'(s). By its bits: a compiler may take a product with 0 for 0 though dy is NaN or infinite.
float through(float gradient, float v) {
#ifdef FUNCTIONS_elementary
  const float slope = elementary_slope(function, v);
#else
  const float slope = unary_slope(function, v, params.a, params.b);
#endif
  if (slope == 0.0 && (floatBitsToUint(gradient) & 0x7f800000u) == 0x7f800000u) return not_a_number();
  return gradient * slope;
}

void main() {
  const uint quad = invocation_index();
  const uint first = quad * 4;
  if (first >= params.count) return;
  if (first + 4 <= params.count) {
    const vec4 v = LOAD4(s4, quad), g = LOAD4(dy4, quad);
    STORE4(dx4, quad, vec4(through(g.x, v.x), through(g.y, v.y), through(g.z, v.z), through(g.w, v.w)));
    return;
  }
  const uint end = min(first + 4, params.count);
  for (uint i = first; i < end; ++i) STORE(dx, i, through(LOAD(dy, i), LOAD(s, i)));
}
