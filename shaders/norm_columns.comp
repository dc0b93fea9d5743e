// {mean, sum of squares about it} or {sum of dy, sum of dy xhat} of one chunk of rows for four columns: one invocation each.
// Chunks are combined by norm_finish.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "norm_columns.h"
#include "common/index.glsl"
#include "common/floats.glsl"

layout(binding = 0) readonly buffer X1 { uint x1[]; };
layout(binding = 0) readonly buffer X2 { uvec2 x2[]; };
layout(binding = 0) readonly buffer X4 { uvec4 x4[]; };
layout(binding = 1) readonly buffer DY1 { uint dy1[]; };
layout(binding = 1) readonly buffer DY2 { uvec2 dy2[]; };
layout(binding = 1) readonly buffer DY4 { uvec4 dy4[]; };
layout(binding = 2) readonly buffer Stats { float stats[]; };  // {mean, rstd}, and the rest of the mean of a row
layout(binding = 3) writeonly buffer Partial { float partial[]; };
layout(binding = 4) readonly buffer Rows { uint counted_rows[]; };

DEFINE_READER(x_one, x_four, format, x1, x2, x4)
DEFINE_READER(dy_one, dy_four, format, dy1, dy2, dy4)

uint count;  // columns that are there

vec4 load_x(uint e) {
  if (wide != 0) return uintBitsToFloat(x_four(e / 4));
  vec4 v = vec4(0.0);
  [[unroll]] for (uint i = 0; i < 4; ++i)
    if (i < count) v[i] = uintBitsToFloat(x_one(e + i));
  return v;
}
vec4 load_dy(uint e) {
  if (wide != 0) return uintBitsToFloat(dy_four(e / 4));
  vec4 v = vec4(0.0);
  [[unroll]] for (uint i = 0; i < 4; ++i)
    if (i < count) v[i] = uintBitsToFloat(dy_one(e + i));
  return v;
}

void main() {
  const uint quads = (params.channels + 3) / 4;
  const uint quad = invocation_index() % quads, chunk = invocation_index() / quads;
  if (chunk >= params.chunks) return;
  const uint first = 4 * quad;
  count = min(4, params.channels - first);
  const uint all = counted != 0 ? min(counted_rows[0], params.rows) : params.rows;
  const uint begin = chunk * params.chunk_rows, end = clamp(all, begin, begin + params.chunk_rows);
  vec4 a = vec4(0.0), b = vec4(0.0);
  if (function == NORM_GRADIENTS) {
    vec4 mean = vec4(0.0), rstd = vec4(1.0), rest = vec4(0.0);
    for (uint i = 0; i < count && per_row == 0; ++i) {
      mean[i] = stats[2 * (first + i)];
      rstd[i] = stats[2 * (first + i) + 1];
    }
    for (uint row = begin; row < end; ++row) {
      if (per_row != 0) {
        mean = vec4(stats[3 * row]);
        rstd = vec4(stats[3 * row + 1]);
        rest = vec4(stats[3 * row + 2]);
      }
      const vec4 dy = load_dy(row * params.channels + first);
      a += dy;
      b += dy * ((load_x(row * params.channels + first) - mean) - rest) * rstd;
    }
  } else {
    const float rows = float(max(end - begin, 1));  // no row: the sums are 0
    for (uint row = begin; row < end; ++row) a += load_x(row * params.channels + first);
    a /= rows;
    vec4 rest = vec4(0.0);
    for (uint row = begin; row < end; ++row) {
      const vec4 d = load_x(row * params.channels + first) - a;
      rest += d;
      b += d * d;
    }
    rest /= rows;
    a += rest;
    b = kept_max(b - rows * rest * rest, vec4(0.0));
  }
  for (uint i = 0; i < count; ++i) {
    partial[2 * chunk * params.channels + first + i] = a[i];
    partial[(2 * chunk + 1) * params.channels + first + i] = b[i];
  }
}
