// A convolution through shared memory (common/gemm_slices.glsl): what the taps meet of x is never written down, but fetched
// as blocks of four places by four channels under one tap. One workgroup per tile of C, group of channels and part of K.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "conv_tiled.h"
#include "common/index.glsl"
#include "common/divide.glsl"
#include "common/floats.glsl"
#include "common/gemm_slices.glsl"
#include "common/unary.glsl"

layout(binding = 0) readonly buffer X { uint x1[]; };
layout(binding = 1) readonly buffer Other { uint other1[]; };  // the weight, or dy
layout(binding = 2) readonly buffer Bias { uint bias1[]; };
layout(binding = 3) buffer Y { uint y1[]; };
layout(binding = 3) buffer Y4 { uvec4 y4[]; };

DEFINE_FLOAT_READER(load_x, format, x1)
DEFINE_FLOAT_READER(load_other, format, other1)
DEFINE_FLOAT_READER(load_bias, format, bias1)
DEFINE_FLOAT_WRITER(store_y, result_format, y1, y4)

const uint kTaps = kernel_h * kernel_w;
const uint kChannels = (channels + 3) / 4 * 4;

uint m0, n0, group;

struct Place {
  uint image, row, column;
};
Place place_at(uint n) {
  Place p;
  const uint line = quotient(n, params.across, params.across_multiplier, params.across_shift);
  p.column = n - line * params.across;
  p.image = quotient(line, params.down, params.down_multiplier, params.down_shift);
  p.row = line - p.image * params.down;
  return p;
}
// Where a place is in the group's first channel of the result, or of dy.
uint y_of(Place p) {
  return (p.image * params.groups + group) * params.m * params.y_plane + params.y_first + p.row * params.y_row +
         p.column * params.y_step;
}

// What tap and channels k .. k + 3 meet at places n .. n + 3: a channel in each column.
mat4 patch_of(uint k, uint n) {
  mat4 v = mat4(0.0);
  const uint tap = k / kChannels, channel = k % kChannels;
  const int kh = int(tap / kernel_w), kw = int(tap % kernel_w);
  const uint plane = params.height * params.width;
  [[unroll]] for (uint i = 0; i < 4; ++i) {
    const Place p = place_at(n + i);
    const int y = params.origin_h + int(p.row * stride_h) + kh * int(dilation_h);
    const int x = params.origin_w + int(p.column * stride_w) + kw * int(dilation_w);
    const bool there =
        n + i < params.places && tap < kTaps && uint(y) < params.height && uint(x) < params.width;  // below 0 is large
    const uint at = ((p.image * params.groups + group) * channels + channel) * plane + uint(y) * params.width + uint(x);
    [[unroll]] for (uint q = 0; q < 4; ++q) {
      if (there && channel + q < channels) v[q][i] = load_x(at + q * plane);
    }
  }
  return v;
}

// The weights of channels m .. m + 3 of the result for k .. k + 3.
mat4 weights_of(uint m, uint k) {
  mat4 v = mat4(0.0);
  const uint tap = k / kChannels, channel = k % kChannels;
  const uint at = group * params.weight_group + channel * params.weight_channel +
                  uint(int(params.tap_first) + int(tap / kernel_w) * params.tap_step_h +
                       int(tap % kernel_w) * params.tap_step_w);
  [[unroll]] for (uint q = 0; q < 4; ++q) {
    [[unroll]] for (uint i = 0; i < 4; ++i) {
      if (tap < kTaps && channel + q < channels && m + i < params.m)
        v[q][i] = load_other(at + (m + i) * params.weight_row + q * params.weight_channel);
    }
  }
  return v;
}

// Channels m .. m + 3 of dy at places n .. n + 3, a place in each column.
mat4 gradient_of(uint m, uint n) {
  mat4 v = mat4(0.0);
  [[unroll]] for (uint q = 0; q < 4; ++q) {
    const uint at = y_of(place_at(n + q)) + m * params.y_plane;
    [[unroll]] for (uint i = 0; i < 4; ++i) {
      if (n + q < params.places && m + i < params.m) v[q][i] = load_other(at + i * params.y_plane);
    }
  }
  return v;
}

// Where a block lies in its slice: neighbouring invocations fetch neighbouring places, or channels of the weight.
uvec2 place_of(uint block) {
  if (block < kBlocksA) return uvec2(block / kBlocksK, block % kBlocksK);
  block -= kBlocksA;
  return to_weight == 0 ? uvec2(block % kBlocksN, block / kBlocksN) : uvec2(block / kBlocksK, block % kBlocksK);
}
mat4 fetch(uint block, uint k) {
  const uvec2 at = 4 * place_of(block);
  k += at.y;
  if (to_weight == 0) return block < kBlocksA ? weights_of(m0 + at.x, k) : patch_of(k, n0 + at.x);
  return block < kBlocksA ? gradient_of(m0 + at.x, k) : transpose(patch_of(n0 + at.x, k));
}

void store_places(uint row, uint n, vec4 v) {
  if (row >= params.m || n >= params.places) return;
  if (has_bias != 0) v += load_bias(group * params.m + row);
  if (activation != UNARY_IDENTITY) {
    [[unroll]] for (uint i = 0; i < 4; ++i) v[i] = unary_value(activation, v[i], params.a, params.b);
  }
  if (wide != 0) {
    store_y(y_of(place_at(n)) + row * params.y_plane, v, 4);
    return;
  }
  [[unroll]] for (uint i = 0; i < 4; ++i) {  // the result is f32 here
    if (n + i < params.places) y1[y_of(place_at(n + i)) + row * params.y_plane] = floatBitsToUint(v[i]);
  }
}
void store_weights(uint part, uint row, uint n, vec4 v) {
  const uint tap = n / kChannels, channel = n % kChannels;
  if (row >= params.m || tap >= kTaps) return;
  const uint at = ((part * params.groups + group) * params.m + row) * channels;
  [[unroll]] for (uint i = 0; i < 4; ++i) {
    if (channel + i < channels) y1[(at + channel + i) * kTaps + tap] = floatBitsToUint(v[i]);
  }
}

void meet_slice() {}

void main() {
  const uint all_n = to_weight != 0 ? kTaps * kChannels : params.places;
  const uint all_k = to_weight != 0 ? params.places : kTaps * kChannels;
  const uint tiles_m = (params.m + tile_m - 1) / tile_m;
  const uint tiles_n = (all_n + tile_n - 1) / tile_n;
  uint rest = workgroup_index();
  m0 = rest % tiles_m * tile_m;
  rest /= tiles_m;
  n0 = rest % tiles_n * tile_n;
  rest /= tiles_n;
  group = rest % params.groups;
  const uint part = rest / params.groups;
  if (part >= params.parts) return;  // uniform in the workgroup, so the barriers inside stay legal
  multiply_slices(part * params.part_k, min((part + 1) * params.part_k, all_k));
  [[unroll]] for (uint r = 0; r < rows; ++r) {
    [[unroll]] for (uint g = 0; g < kColumnGroups; ++g) {
      const uint row = m0 + row_of(r), n = n0 + column_of(g);
      if (to_weight != 0)
        store_weights(part, row, n, sums[r * kColumnGroups + g]);
      else
        store_places(row, n, sums[r * kColumnGroups + g]);
    }
  }
}
