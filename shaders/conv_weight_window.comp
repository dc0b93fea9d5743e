// The gradient of a convolution's weight, in parts: each sums over some lines of dy into f32 results of its own, which
// matmul_reduce adds up in order. An invocation owns one row of the kernel for one channel of x, and `rows` channels of dy,
// the same as its neighbours: the workgroup is one subgroup, whose invocations read a channel each and hand it round. It walks
// along the lines of dy by four positions, whose taps meet a window of x that whole groups of four cover.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_ballot : require
#include "conv_weight_window.h"
#include "common/index.glsl"
#include "common/floats.glsl"

layout(binding = 0) readonly buffer X1 { uint x1[]; };
layout(binding = 0) readonly buffer X2 { uvec2 x2[]; };
layout(binding = 0) readonly buffer X4 { uvec4 x4[]; };
layout(binding = 1) readonly buffer DY1 { uint dy1[]; };
layout(binding = 1) readonly buffer DY2 { uvec2 dy2[]; };
layout(binding = 1) readonly buffer DY4 { uvec4 dy4[]; };
layout(binding = 2) writeonly buffer Partial { float partial[]; };

DEFINE_READER(x_one, x_four, format, x1, x2, x4)
DEFINE_READER(dy_one, dy_four, format, dy1, dy2, dy4)

const uint kWindow = (3 * stride + (taps - 1) * dilation) / 4 + 1;  // groups of x

uint m0;
float sums[rows * taps];

const uint kShares = (rows + workgroup_size - 1) / workgroup_size;
vec4 own[kShares];
void read_rows(uint at) {
  [[unroll]] for (uint s = 0; s < kShares; ++s)
    own[s] = uintBitsToFloat(dy_four(at + min(m0 + s * workgroup_size + lane(), params.m - 1) * params.dy_plane));
}
vec4 row_of(uint r) { return subgroupBroadcast(own[r / workgroup_size], r % workgroup_size); }

void add_four(uint x_at, uint dy_at) {
  read_rows(dy_at);
  float window[kWindow * 4];
  [[unroll]] for (uint e = 0; e < kWindow; ++e) {
    const vec4 v = uintBitsToFloat(x_four(x_at + e));
    [[unroll]] for (uint i = 0; i < 4; ++i) window[e * 4 + i] = v[i];
  }
  [[unroll]] for (uint r = 0; r < rows; ++r) {
    const vec4 d = row_of(r);
    [[unroll]] for (uint t = 0; t < taps; ++t) {
      [[unroll]] for (uint i = 0; i < 4; ++i)
        sums[r * taps + t] = fma(d[i], window[i * stride + t * dilation], sums[r * taps + t]);
    }
  }
}

void main() {
  const uint columns = params.channels * params.kernel_h;
  const uint tiles_n = (columns + workgroup_size - 1) / workgroup_size;
  const uint tiles_m = (params.m + rows - 1) / rows;
  uint rest = workgroup_index();
  const uint column = rest % tiles_n * workgroup_size + lane();
  rest /= tiles_n;
  m0 = rest % tiles_m * rows;
  rest /= tiles_m;
  const uint group = rest % params.groups;
  const uint part = rest / params.groups;
  if (part >= params.parts) return;
  const uint channel = min(column, columns - 1) / params.kernel_h;
  const uint kh = min(column, columns - 1) - channel * params.kernel_h;
  [[unroll]] for (uint i = 0; i < rows * taps; ++i) sums[i] = 0.0;

  const uint end = min((part + 1) * params.part_lines, params.lines);
  for (uint at = part * params.part_lines; at < end; ++at) {
    const uint line = at / params.pieces;
    const uint first = (at - line * params.pieces) * params.piece;
    const uint image = line / params.down;
    const uint y = line - image * params.down;
    uint dy_at = (image * params.groups + group) * params.m * params.dy_plane + y * params.dy_row + first;
    uint x_at = ((image * params.groups + group) * params.channels + channel) * params.x_plane +
                (y * params.stride_h + kh * params.dilation_h) * params.x_row + first * stride;
    for (uint i = first; i < min(first + params.piece, params.across); ++i) {
      add_four(x_at, dy_at);
      ++dy_at;
      x_at += stride;
    }
  }

  if (column >= columns) return;
  [[unroll]] for (uint r = 0; r < rows; ++r) {
    if (m0 + r >= params.m) break;
    const uint row = ((part * params.groups + group) * params.m + m0 + r) * columns + column;
    [[unroll]] for (uint t = 0; t < taps; ++t) partial[row * taps + t] = sums[r * taps + t];
  }
}
