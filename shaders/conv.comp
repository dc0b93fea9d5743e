// One workgroup per `rows` channels of the result and 4 * quads * workgroup_size of its positions; an invocation owns `quads`
// groups of four positions side by side, in all of those channels. Taps are the outer loops, so that addresses and edges are
// worked out once for all channels of x; along a row of taps the same elements serve several of them (`slide`). Weights are
// read uniformly. No shared memory.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "conv.h"
#include "common/index.glsl"
#include "common/divide.glsl"
#include "common/floats.glsl"
#include "common/unary.glsl"

layout(binding = 0) readonly buffer X { uint x1[]; };
layout(binding = 1) readonly buffer Weight { uint weight1[]; };
layout(binding = 2) readonly buffer Bias { uint bias1[]; };
layout(binding = 3) buffer Y { uint y1[]; };
layout(binding = 3) buffer Y4 { uvec4 y4[]; };

DEFINE_FLOAT_READER(load_x, format, x1)
DEFINE_FLOAT_READER(load_weight, format, weight1)
DEFINE_FLOAT_READER(load_bias, format, bias1)
DEFINE_FLOAT_WRITER(store_y, result_format, y1, y4)

const uint kPositions = 4 * quads;
const uint kReads = slide != 0 ? taps + 3 : taps * 4;  // of x for four positions under `taps` taps

uint m0, group, tile;
vec4 sums[rows * quads];
int origin_y[kPositions], origin_x[kPositions];  // where the first tap of each position falls in x
uint image_at[kPositions];
uint reads[kReads * quads];
bool present[kReads * quads];

// The first position of a group of four: those of neighbouring invocations lie side by side.
uint first_of(uint q) { return ((tile * quads + q) * workgroup_size + lane()) * 4; }

uint image_of(uint n) { return quotient(n, params.plane, params.plane_multiplier, params.plane_shift); }

void locate() {
  [[unroll]] for (uint i = 0; i < kPositions; ++i) {
    const uint n = min(first_of(i / 4) + i % 4, params.n - 1);
    const uint image = image_of(n);
    const uint pixel = n - image * params.plane;
    const uint row = quotient(pixel, params.out_width, params.width_multiplier, params.width_shift);
    const int y = int(row);
    const int x = int(pixel - row * params.out_width);
    origin_y[i] = (divided != 0 ? y : y * params.stride_h) - params.pad_h;
    origin_x[i] = (divided != 0 ? x : x * params.stride_w) - params.pad_w;
    image_at[i] = image * params.image + group * params.channels * params.height * params.width;
  }
}

// The place `at` along an axis of x, or -1 where there is nothing.
int place(int at, int stride, uint extent) {
  if (divided != 0) {
    const int whole = at / stride;
    if (whole * stride != at) return -1;
    at = whole;
  }
  return at >= 0 && at < int(extent) ? at : -1;
}

// Finds what the taps kw .. kw + taps - 1 of row kh read. False when none of it is there.
bool find_reads(uint kh, uint kw) {
  bool any_present = false;
  [[unroll]] for (uint r = 0; r < kReads * quads; ++r) {
    const uint s = r % kReads;
    const uint i = r / kReads * 4 + (slide != 0 ? 0 : s % 4);
    const int y = place(origin_y[i] + int(kh) * params.dilation_h, params.stride_h, params.height);
    const int along = slide != 0 ? int(s) : int(kw + s / 4) * params.dilation_w;
    const int x = place(origin_x[i] + along, params.stride_w, params.width);
    present[r] = y >= 0 && x >= 0;
    reads[r] = image_at[i] + (present[r] ? uint(y) * params.width + uint(x) : 0);
    any_present = any_present || present[r];
  }
  return any_present;
}

void add_taps(uint kh, uint kw) {
  const uint all = params.kernel_h * params.kernel_w;
  const uint tap = kh * params.kernel_w + kw;
  uint weights = group * params.weight_group + (flipped != 0 ? all - 1 - tap : tap);
  uint plane = 0;
  const uint channels = single != 0 ? 1 : params.channels;
  for (uint c = 0; c < channels; ++c) {
    float v[kReads * quads];
    [[unroll]] for (uint r = 0; r < kReads * quads; ++r) {
      const float found = load_x(reads[r] + plane);
      v[r] = present[r] ? found : 0.0;
    }
    [[unroll]] for (uint r = 0; r < rows; ++r) {
      const uint row = weights + min(m0 + r, params.m - 1) * params.weight_row;
      [[unroll]] for (uint t = 0; t < taps; ++t) {
        const float w = load_weight(flipped != 0 ? row - t : row + t);
        [[unroll]] for (uint q = 0; q < quads; ++q) {
          const uint at = q * kReads + (slide != 0 ? t : 4 * t);
          sums[r * quads + q] = fma(vec4(w), vec4(v[at], v[at + 1], v[at + 2], v[at + 3]), sums[r * quads + q]);
        }
      }
    }
    plane += params.height * params.width;
    weights += params.weight_channel;
  }
}

void store(uint channel, uint first, vec4 v) {
  if (first >= params.n) return;
  const uint all_channels = params.groups * params.m;
  if (wide != 0) {
    const uint image = image_of(first);
    store_y((image * all_channels + channel) * params.plane + (first - image * params.plane), v, 4);
    return;
  }
  for (uint i = 0; i < min(4, params.n - first); ++i) {  // the result is f32 here
    const uint image = image_of(first + i);
    y1[(image * all_channels + channel) * params.plane + (first + i - image * params.plane)] = floatBitsToUint(v[i]);
  }
}

vec4 finish(vec4 v) {
  if (activation == UNARY_IDENTITY) return v;
  [[unroll]] for (uint i = 0; i < 4; ++i) v[i] = unary_value(activation, v[i], params.a, params.b);
  return v;
}

void main() {
  const uint tiles_m = (params.m + rows - 1) / rows;
  const uint tile_n = kPositions * workgroup_size;
  const uint tiles_n = (params.n + tile_n - 1) / tile_n;
  uint index = workgroup_index();
  m0 = index % tiles_m * rows;
  index /= tiles_m;
  tile = index % tiles_n;
  group = index / tiles_n;
  if (group >= params.groups || first_of(0) >= params.n) return;
  locate();
  [[unroll]] for (uint i = 0; i < rows * quads; ++i) sums[i] = vec4(0.0);
  for (uint kh = 0; kh < params.kernel_h; ++kh) {
    for (uint kw = 0; kw < params.kernel_w; kw += taps)
      if (find_reads(kh, kw)) add_taps(kh, kw);
  }
  [[unroll]] for (uint r = 0; r < rows; ++r) {
    if (m0 + r >= params.m) break;
    const uint channel = group * params.m + m0 + r;
    const float bias = has_bias != 0 ? load_bias(channel) : 0.0;
    [[unroll]] for (uint q = 0; q < quads; ++q) store(channel, first_of(q), finish(sums[r * quads + q] + bias));
  }
}
