// y is up to four tensors one after the other along an axis. One invocation per four consecutive elements of y looks up
// whose they are.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "concat.h"
#include "common/index.glsl"
#include "common/formats.glsl"
#include "common/divide.glsl"

layout(binding = 0) readonly buffer A1 { uint a1[]; };
layout(binding = 0) readonly buffer A2 { uvec2 a2[]; };
layout(binding = 0) readonly buffer A4 { uvec4 a4[]; };
layout(binding = 1) readonly buffer B1 { uint b1[]; };
layout(binding = 1) readonly buffer B2 { uvec2 b2[]; };
layout(binding = 1) readonly buffer B4 { uvec4 b4[]; };
layout(binding = 2) readonly buffer C1 { uint c1[]; };
layout(binding = 2) readonly buffer C2 { uvec2 c2[]; };
layout(binding = 2) readonly buffer C4 { uvec4 c4[]; };
layout(binding = 3) readonly buffer D1 { uint d1[]; };
layout(binding = 3) readonly buffer D2 { uvec2 d2[]; };
layout(binding = 3) readonly buffer D4 { uvec4 d4[]; };
layout(binding = 4) buffer Y1 { uint y1[]; };
layout(binding = 4) buffer Y2 { uvec2 y2[]; };
layout(binding = 4) buffer Y4 { uvec4 y4[]; };

DEFINE_READER(a_one, a_four, format, a1, a2, a4)
DEFINE_READER(b_one, b_four, format, b1, b2, b4)
DEFINE_READER(c_one, c_four, format, c1, c2, c4)
DEFINE_READER(d_one, d_four, format, d1, d2, d4)
DEFINE_WRITER(y_four, format, y1, y2, y4)

// Which input element (or group) n of y comes from, and its place there.
uint locate(uint n, out uint at) {
  const uint outer = one_row != 0 ? 0 : quotient(n, params.row, params.multiplier, params.shift);
  const uint in_row = n - outer * params.row;
  uint begin = 0;
  for (uint k = 0; k < CONCAT_INPUTS - 1; ++k) {
    if (in_row < params.end[k]) {
      at = outer * (params.end[k] - begin) + in_row - begin;
      return k;
    }
    begin = params.end[k];
  }
  at = outer * (params.end[CONCAT_INPUTS - 1] - begin) + in_row - begin;
  return CONCAT_INPUTS - 1;
}

void main() {
  const uint quad = invocation_index();
  const uint first = quad * 4;
  if (first >= params.count) return;
  uint at;
  if (wide != 0) {
    const uint k = locate(quad, at);
    y_four(quad, k == 0 ? a_four(at) : k == 1 ? b_four(at) : k == 2 ? c_four(at) : d_four(at), 4);
    return;
  }
  const uint n = min(4, params.count - first);
  uvec4 r = uvec4(0);
  for (uint i = 0; i < n; ++i) {
    const uint k = locate(first + i, at);
    r[i] = k == 0 ? a_one(at) : k == 1 ? b_one(at) : k == 2 ? c_one(at) : d_one(at);
  }
  y_four(quad, r, n);
}
