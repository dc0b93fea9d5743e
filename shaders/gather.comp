// y[i, c] = scale * x[indices[i], c] + offset; a row without such an index is filled. One invocation per four consecutive
// elements of y.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "gather.h"
#include "common/index.glsl"
#include "common/formats.glsl"
#include "common/walk.glsl"

layout(binding = 0) readonly buffer X1 { uint x1[]; };
layout(binding = 0) readonly buffer X2 { uvec2 x2[]; };
layout(binding = 0) readonly buffer X4 { uvec4 x4[]; };
layout(binding = 1) readonly buffer Indices { uint indices[]; };
layout(binding = 2) buffer Y1 { uint y1[]; };
layout(binding = 2) buffer Y2 { uvec2 y2[]; };
layout(binding = 2) buffer Y4 { uvec4 y4[]; };

DEFINE_READER(x_one, x_four, format, x1, x2, x4)
DEFINE_WRITER(y_four, result_format, y1, y2, y4)

uint filling() {
  return format_is_integer(result_format) ? uint(int(params.fill)) : floatBitsToUint(params.fill);
}

uint convert(uint bits) {
  if (plain != 0) return bits;
  const float v = format_is_integer(format) ? float(bits) : uintBitsToFloat(bits);
  return floatBitsToUint(params.scale * v + params.offset);
}

// The row of y to which element (or group) n belongs; its column goes to `at`.
uint row_of(uint n, out uint at) {
  const uint row = params.cols == 1 ? n : divide_by(n, params.multiplier, params.shift);
  at = n - row * params.cols;
  return row;
}

void main() {
  const uint quad = invocation_index();
  const uint first = quad * 4;
  if (first >= params.count) return;
  uvec4 r = uvec4(filling());
  uint at;
  if (wide != 0) {
    const uint source = indices[row_of(quad, at)];
    if (source < params.rows) {  // a negative one is a large one here
      const uvec4 v = x_four(source * params.cols + at);
      r = uvec4(convert(v.x), convert(v.y), convert(v.z), convert(v.w));
    }
    y_four(quad, r, 4);
    return;
  }
  const uint n = min(4, params.count - first);
  for (uint i = 0; i < n; ++i) {
    const uint source = indices[row_of(first + i, at)];
    if (source < params.rows) r[i] = convert(x_one(source * params.cols + at));
  }
  y_four(quad, r, n);
}
