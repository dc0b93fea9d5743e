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

DEFINE_WALK(PAD_AXES)

// Whether this element (or group) of y is one of x, and which.
bool inside(out uint at) {
  bool all = true;
  at = 0;
  [[unroll]] for (uint axis = 0; axis < PAD_AXES; ++axis) {
    if (axis >= rank) continue;
    const uint i = walk[axis] - params.before[axis];
    all = all && i < params.limit[axis];  // before the first, i has wrapped around and is large
    at += i * params.stride[axis];
  }
  return all;
}

void main() {
  const uint quad = invocation_index();
  const uint first = quad * 4;
  if (first >= params.count) return;
  uint at;
  if (wide != 0) {
    walk_start(quad);
    y_four(quad, inside(at) ? x_four(at) : uvec4(params.fill), 4);
    return;
  }
  const uint n = min(4, params.count - first);
  uvec4 r = uvec4(params.fill);
  walk_start(first);
  for (uint i = 0; i < n; ++i) {
    if (inside(at)) r[i] = x_one(at);
    walk_next();
  }
  y_four(quad, r, n);
}
