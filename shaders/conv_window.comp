// A convolution as a product without shared memory: [rows x taps and channels] times [taps and channels x positions]. An
// invocation owns `rows` channels of the result, the same as its neighbours, and `quads` groups of four positions; groups of
// neighbours lie side by side. What the taps of one row of the kernel meet under four positions is a window of x that whole
// groups of four cover: it is read once for all of them. Weights come as conv_pack laid them out; the workgroup is one
// subgroup, whose invocations read a group of weights each and hand it round.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_ballot : require
#include "conv_window.h"
#include "common/index.glsl"
#include "common/divide.glsl"
#include "common/floats.glsl"
#include "common/unary.glsl"

layout(binding = 0) readonly buffer X1 { uint x1[]; };
layout(binding = 0) readonly buffer X2 { uvec2 x2[]; };
layout(binding = 0) readonly buffer X4 { uvec4 x4[]; };
layout(binding = 1) readonly buffer Packed { vec4 packed4[]; };
layout(binding = 2) readonly buffer Bias { uint bias1[]; };
layout(binding = 3) buffer Y { uint y1[]; };
layout(binding = 3) buffer Y4 { uvec4 y4[]; };

DEFINE_READER(x_one, x_four, format, x1, x2, x4)
DEFINE_FLOAT_READER(load_bias, format, bias1)
DEFINE_FLOAT_WRITER(store_y, result_format, y1, y4)

const uint kRowGroups = (rows + 3) / 4;
const uint kWindow = (first + 3 * stride + (taps - 1) * dilation) / 4 + 1;  // groups of x
const uint kWeights = chunk * taps * kRowGroups;                            // groups of weights for a chunk

uint m0, group;
vec4 sums[rows * quads];
uint x_at[quads];   // the window's first group, for the first channel of the group under the kernel's first row
uint y_at[quads];   // the first position, in the group's first channel of the result
uint columns[quads];  // positions of the result that are there, of four

// Finds group `four` of four positions; what is past the end computes what the last does, and stores nothing.
void locate(uint q, uint four) {
  const bool there = four < params.fours;
  four = min(four, params.fours - 1);
  const uint line = quotient(four, params.across, params.across_multiplier, params.across_shift);
  const uint image = quotient(line, params.down, params.down_multiplier, params.down_shift);
  const uint column = four - line * params.across, row = line - image * params.down;
  x_at[q] = params.x_first + image * params.x_image + group * params.channels * params.x_plane +
            row * params.stride_h * params.x_row + column * stride;
  y_at[q] = (image * params.groups + group) * params.m * params.y_plane + params.y_first + row * params.y_row +
            column * 4 * params.y_step;
  columns[q] = there ? min(params.width - column * 4, 4) : 0;
}

const uint kShares = (kWeights + workgroup_size - 1) / workgroup_size;
vec4 own[kShares];
void read_weights(uint from) {
  [[unroll]] for (uint s = 0; s < kShares; ++s) own[s] = packed4[from + s * workgroup_size + lane()];
}
vec4 weights(uint i) { return subgroupBroadcast(own[i / workgroup_size], i % workgroup_size); }

void add_chunk(uint x_offset, uint from) {
  read_weights(from);
  float window[chunk * quads * kWindow * 4];
  [[unroll]] for (uint c = 0; c < chunk * quads; ++c) {
    const uint at = x_at[c % quads] + x_offset + c / quads * params.x_plane;
    [[unroll]] for (uint e = 0; e < kWindow; ++e) {
      const vec4 v = uintBitsToFloat(x_four(at + e));
      [[unroll]] for (uint i = 0; i < 4; ++i) window[(c * kWindow + e) * 4 + i] = v[i];
    }
  }
  [[unroll]] for (uint g = 0; g < kRowGroups; ++g) {
    vec4 w[chunk * taps];
    [[unroll]] for (uint t = 0; t < chunk * taps; ++t) w[t] = weights(t * kRowGroups + g);
    [[unroll]] for (uint i = 0; i < 4; ++i) {
      if (g * 4 + i >= rows) continue;
      [[unroll]] for (uint q = 0; q < quads; ++q) {
        const uint s = (g * 4 + i) * quads + q;
        [[unroll]] for (uint t = 0; t < chunk * taps; ++t) {
          const uint at = (t / taps * quads + q) * kWindow * 4 + first + t % taps * dilation;
          sums[s] = fma(vec4(w[t][i]), vec4(window[at], window[at + stride], window[at + 2 * stride],
                                            window[at + 3 * stride]), sums[s]);
        }
      }
    }
  }
}

void store(uint q, uint channel, vec4 v) {
  const uint at = y_at[q] + channel * params.y_plane;
  if (wide != 0) {
    if (columns[q] != 0) store_y(at, v, 4);
    return;
  }
  [[unroll]] for (uint i = 0; i < 4; ++i) {  // the result is f32 here
    if (i < columns[q]) y1[at + i * params.y_step] = floatBitsToUint(v[i]);
  }
}

vec4 finish(vec4 v) {
  if (activation == UNARY_IDENTITY) return v;
  [[unroll]] for (uint i = 0; i < 4; ++i) v[i] = unary_value(activation, v[i], params.a, params.b);
  return v;
}

void main() {
  const uint tiles_m = (params.m + rows - 1) / rows;
  const uint tiles = (params.fours + quads * workgroup_size - 1) / (quads * workgroup_size);
  uint rest = workgroup_index();
  const uint tile_m = rest % tiles_m;
  rest /= tiles_m;
  m0 = tile_m * rows;
  group = rest / tiles;
  if (group >= params.groups) return;
  [[unroll]] for (uint q = 0; q < quads; ++q) locate(q, (rest % tiles * quads + q) * workgroup_size + lane());
  [[unroll]] for (uint i = 0; i < rows * quads; ++i) sums[i] = vec4(0.0);
  uint from = (group * tiles_m + tile_m) * params.kernel_h * params.channels * taps * kRowGroups;
  for (uint kh = 0; kh < params.kernel_h; ++kh) {
    uint x_offset = kh * params.dilation_h * params.x_row;
    for (uint c = 0; c < params.channels; c += chunk) {
      add_chunk(x_offset, from);
      x_offset += chunk * params.x_plane;
      from += kWeights;
    }
  }
  [[unroll]] for (uint r = 0; r < rows; ++r) {
    if (m0 + r >= params.m) break;
    const float bias = has_bias != 0 ? load_bias(group * params.m + m0 + r) : 0.0;
    [[unroll]] for (uint q = 0; q < quads; ++q) store(q, m0 + r, finish(sums[r * quads + q] + bias));
  }
}
