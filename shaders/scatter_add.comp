// y[row, c] = the sum, the maximum, the minimum or the product of x[i, c] over the list of row (scatter_links), in f32, in the order of the list, after what the
// parts before have come to. One invocation per four consecutive elements of y.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "scatter_add.h"
#include "common/index.glsl"
#include "common/formats.glsl"
#include "common/walk.glsl"
#include "common/special.glsl"

layout(binding = 0) readonly buffer X1 { uint x1[]; };
layout(binding = 0) readonly buffer X2 { uvec2 x2[]; };
layout(binding = 0) readonly buffer X4 { uvec4 x4[]; };
layout(binding = 1) readonly buffer Head { int head[]; };
layout(binding = 2) readonly buffer Next { int next[]; };
layout(binding = 3) buffer Y1 { uint y1[]; };
layout(binding = 3) buffer Y2 { uvec2 y2[]; };
layout(binding = 3) buffer Y4 { uvec4 y4[]; };
layout(binding = 4) buffer Sums { float so_far[]; };  // of the positions before

DEFINE_READER(x_one, x_four, format, x1, x2, x4)
DEFINE_WRITER(y_four, format, y1, y2, y4)

float nothing() {
  switch (function) {
    case SCATTER_MAX: return uintBitsToFloat(0xff800000u);
    case SCATTER_MIN: return uintBitsToFloat(0x7f800000u);
    case SCATTER_MULTIPLY: return 1.0;
  }
  return 0.0;
}
float joined(float a, float b) {
  switch (function) {
    case SCATTER_MAX: return kept_max(a, b);
    case SCATTER_MIN: return kept_min(a, b);
    case SCATTER_MULTIPLY: return a * b;
  }
  return a + b;
}

uint row_of(uint n, out uint at) {
  const uint row = params.cols == 1 ? n : divide_by(n, params.multiplier, params.shift);
  at = n - row * params.cols;
  return row;
}

void main() {
  const uint quad = invocation_index();
  const uint first = quad * 4;
  if (first >= params.count) return;
  const uint n = min(4, params.count - first);
  vec4 sums = vec4(nothing());
  [[unroll]] for (uint k = 0; k < 4; ++k)
    if (params.first > 0 && k < n) sums[k] = so_far[first + k];
  uint at;
  if (wide != 0) {
    for (int i = head[row_of(quad, at)]; i >= 0; i = next[i]) {
      const vec4 v = uintBitsToFloat(x_four((params.first + uint(i)) * params.cols + at));
      sums = vec4(joined(sums.x, v.x), joined(sums.y, v.y), joined(sums.z, v.z), joined(sums.w, v.w));
    }
  } else {
    for (uint k = 0; k < n; ++k)
      for (int i = head[row_of(first + k, at)]; i >= 0; i = next[i])
        sums[k] = joined(sums[k], uintBitsToFloat(x_one((params.first + uint(i)) * params.cols + at)));
  }
  if (last != 0) {
    y_four(quad, floatBitsToUint(sums), n);
    return;
  }
  [[unroll]] for (uint k = 0; k < 4; ++k)
    if (k < n) so_far[first + k] = sums[k];
}
