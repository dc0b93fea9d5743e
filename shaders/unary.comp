// y = f(x), elementwise. One invocation per four consecutive elements: one 16-byte load and store for f32.
//@ variants T = f32 f16 bf16 f16p bf16p
#version 450
#extension GL_GOOGLE_include_directive : require
#include "unary.h"
#include "common/types.glsl"
#include "common/index.glsl"
#include "common/unary.glsl"

layout(binding = 0) readonly buffer X { T x[]; };
layout(binding = 1) WRITTEN buffer Y { T y[]; };
#ifdef T_f32
layout(binding = 0) readonly buffer X4 { vec4 x4[]; };
layout(binding = 1) writeonly buffer Y4 { vec4 y4[]; };
#endif

float f(float v) { return unary_value(function, v, params.a, params.b); }

void main() {
  const uint quad = invocation_index();
  const uint first = quad * 4;
  if (first >= params.count) return;
#ifdef T_f32
  if (first + 4 <= params.count) {
    const vec4 v = x4[quad];
    y4[quad] = vec4(f(v.x), f(v.y), f(v.z), f(v.w));
    return;
  }
#endif
  const uint end = min(first + 4, params.count);
  for (uint i = first; i < end; ++i) STORE(y, i, f(LOAD(x, i)));
}
