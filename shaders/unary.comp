// y = f(x), elementwise. One invocation per four consecutive elements: one load and one store of all four, where they are there.
// FUNCTIONS: those that a product may end with, or the others. Apart, because not every driver drops what a constant rules
// out before it compiles, and these are compiled in every program.
//@ variants T = f32 f16 bf16 f16p bf16p
//@ variants FUNCTIONS = epilogue elementary
#version 450
#extension GL_GOOGLE_include_directive : require
#include "unary.h"
#include "common/types.glsl"
#include "common/index.glsl"
#include "common/vector.glsl"
#ifdef FUNCTIONS_elementary
#include "common/elementary.glsl"
#else
#include "common/unary.glsl"
#endif

layout(binding = 0) readonly buffer X { T x[]; };
layout(binding = 1) WRITTEN buffer Y { T y[]; };
layout(binding = 0) readonly buffer X4 { T4 x4[]; };
layout(binding = 1) WRITTEN buffer Y4 { T4 y4[]; };

float f(float v) {
#ifdef FUNCTIONS_elementary
  return elementary_value(function, v);
#else
  return unary_value(function, v, params.a, params.b);
#endif
}

void main() {
  const uint quad = invocation_index();
  const uint first = quad * 4;
  if (first >= params.count) return;
  if (first + 4 <= params.count) {
    const vec4 v = LOAD4(x4, quad);
    STORE4(y4, quad, vec4(f(v.x), f(v.y), f(v.z), f(v.w)));
    return;
  }
  const uint end = min(first + 4, params.count);
  for (uint i = first; i < end; ++i) STORE(y, i, f(LOAD(x, i)));
}
