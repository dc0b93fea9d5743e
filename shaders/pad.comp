// y is x with `fill` around it. One invocation per four consecutive elements of y.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "pad.h"
#include "common/index.glsl"
#include "common/formats.glsl"
#include "common/walk.glsl"

layout(binding = 0) readonly buffer X1 { uint x1[]; };
layout(binding = 0) readonly buffer X2 { uvec2 x2[]; };
layout(binding = 0) readonly buffer X4 { uvec4 x4[]; };
layout(binding = 1) buffer Y1 { uint y1[]; };
layout(binding = 1) buffer Y2 { uvec2 y2[]; };
layout(binding = 1) buffer Y4 { uvec4 y4[]; };

DEFINE_READER(x_one, x_four, format, x1, x2, x4)
DEFINE_WRITER(y_four, format, y1, y2, y4)

// Whether element (or group) n of y is one of x, and which.
bool locate(uint n, out uint at) {
  bool inside = true;
  at = 0;
  [[unroll]] for (uint axis = rank; axis > 0;) {
    --axis;
    const uint outer = axis > 0 ? divide_by(n, params.multiplier[axis], (params.shifts >> (5 * axis)) & 31u) : 0;
    const uint i = n - outer * params.extent[axis] - params.before[axis];
    inside = inside && i < params.limit[axis];  // before the first, i has wrapped around and is large
    at += i * params.stride[axis];
    n = outer;
  }
  return inside;
}

void main() {
  const uint quad = invocation_index();
  const uint first = quad * 4;
  if (first >= params.count) return;
  uint at;
  if (wide != 0) {
    y_four(quad, locate(quad, at) ? x_four(at) : uvec4(params.fill), 4);
    return;
  }
  const uint n = min(4, params.count - first);
  uvec4 r = uvec4(params.fill);
  for (uint i = 0; i < n; ++i)
    if (locate(first + i, at)) r[i] = x_one(at);
  y_four(quad, r, n);
}
