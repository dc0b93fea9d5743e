// Lays a convolution's weight out in the order in which conv_window.comp reads it. One invocation per group of four rows.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "conv_pack.h"
#include "common/index.glsl"
#include "common/floats.glsl"

layout(binding = 0) readonly buffer Weight { uint weight1[]; };
layout(binding = 1) writeonly buffer Packed { vec4 packed4[]; };

DEFINE_FLOAT_READER(load_weight, format, weight1)

// Takes the innermost digit off `rest`.
uint digit(inout uint rest, uint extent) {
  const uint outer = rest / extent;
  const uint inner = rest - outer * extent;
  rest = outer;
  return inner;
}

void main() {
  const uint index = invocation_index();
  if (index >= params.count) return;
  uint rest = index;
  const uint row = digit(rest, (params.rows + 3) / 4) * 4;
  const uint tap = digit(rest, params.kernel_w);
  const uint channel = digit(rest, params.channels);
  const uint line = digit(rest, params.kernel_h);
  const uint m0 = digit(rest, params.tiles) * params.rows;
  const uint at = rest * params.weight_group + channel * params.weight_channel +
                  uint(int(params.first) + int(line) * params.step_h + int(tap) * params.step_w);
  vec4 v = vec4(0.0);
  [[unroll]] for (uint i = 0; i < 4; ++i) {
    if (row + i < params.rows && m0 + row + i < params.m) v[i] = load_weight(at + (m0 + row + i) * params.weight_row);
  }
  packed4[index] = v;
}
