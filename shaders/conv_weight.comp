// The gradient of a convolution's weight, in parts: each sums over some lines of dy into f32 results of its own, which
// matmul_reduce adds up in order. An invocation owns `taps` taps of one row of the kernel for one channel of x, and `rows`
// channels of dy; it walks along the lines of dy, where the same elements of x serve neighbouring taps (`slide`).
#version 450
#extension GL_GOOGLE_include_directive : require
#include "conv_weight.h"
#include "common/index.glsl"
#include "common/floats.glsl"

layout(binding = 0) readonly buffer X { uint x1[]; };
layout(binding = 1) readonly buffer DY { uint dy1[]; };
layout(binding = 2) writeonly buffer Partial { float partial[]; };

DEFINE_FLOAT_READER(load_x, format, x1)
DEFINE_FLOAT_READER(load_dy, format, dy1)

uint m0, group, channel, kh, kw;
bool row_inside;  // lines outside of x add zeros: a `continue` here was seen to run on in one lane of a software driver
float sums[rows * taps];

// Element `at` of the row of x that begins at `row`, or 0 outside of it.
float at_column(uint row, int at) {
  const bool inside = row_inside && at >= 0 && at < int(params.width);
  const float v = load_x(row + (inside ? uint(at) : 0));
  return inside ? v : 0.0;
}

void add_line(uint image, uint y, uint row, uint begin, uint end) {
  const uint plane = params.out_height * params.out_width;
  const uint line = (image * params.groups + group) * params.m * plane + y * params.out_width;
  const int origin = int(kw) * params.dilation_w - params.pad_w;
  float window[taps];
  if (slide != 0) {
    [[unroll]] for (uint t = 1; t < taps; ++t) window[t] = at_column(row, origin + int(begin + t) - 1);
  }
  for (uint x = begin; x < end; ++x) {
    if (slide != 0) {
      [[unroll]] for (uint t = 1; t < taps; ++t) window[t - 1] = window[t];
      window[taps - 1] = at_column(row, origin + int(x + taps) - 1);
    } else {
      [[unroll]] for (uint t = 0; t < taps; ++t)
        window[t] = at_column(row, origin + int(x) * params.stride_w + int(t) * params.dilation_w);
    }
    [[unroll]] for (uint r = 0; r < rows; ++r) {
      const float d = load_dy(line + min(m0 + r, params.m - 1) * plane + x);
      [[unroll]] for (uint t = 0; t < taps; ++t) sums[r * taps + t] = fma(d, window[t], sums[r * taps + t]);
    }
  }
}

void main() {
  const uint chunks = params.kernel_w / taps;
  const uint columns = params.channels * params.kernel_h * chunks;
  const uint tiles_m = (params.m + rows - 1) / rows;
  uint column, rest;
  if (packed != 0) {
    rest = invocation_index() / columns;
    column = invocation_index() - rest * columns;
  } else {
    const uint tiles = (columns + workgroup_size - 1) / workgroup_size;
    rest = workgroup_index() / tiles;
    column = (workgroup_index() - rest * tiles) * workgroup_size + lane();
  }
  m0 = rest % tiles_m * rows;
  rest /= tiles_m;
  group = rest % params.groups;
  const uint part = rest / params.groups;
  if (column >= columns || part >= params.parts) return;
  kw = column % chunks * taps;
  kh = column / chunks % params.kernel_h;
  channel = column / chunks / params.kernel_h;
  [[unroll]] for (uint i = 0; i < rows * taps; ++i) sums[i] = 0.0;

  const uint end = min((part + 1) * params.part_lines, params.lines);
  for (uint at = part * params.part_lines; at < end; ++at) {
    const uint line = at / params.pieces;
    const uint first = (at - line * params.pieces) * params.piece;
    const uint image = line / params.out_height;
    const uint y = line - image * params.out_height;
    const int from = int(y) * params.stride_h - params.pad_h + int(kh) * params.dilation_h;
    row_inside = from >= 0 && from < int(params.height);
    const uint plane = (image * params.groups + group) * params.channels + channel;
    add_line(image, y, (plane * params.height + (row_inside ? uint(from) : 0u)) * params.width, first,
             min(first + params.piece, params.out_width));
  }

  const uint kernel = params.kernel_h * params.kernel_w;
  [[unroll]] for (uint r = 0; r < rows; ++r) {
    if (m0 + r >= params.m) break;
    const uint row = ((part * params.groups + group) * params.m + m0 + r) * params.channels + channel;
    [[unroll]] for (uint t = 0; t < taps; ++t) partial[row * kernel + kh * params.kernel_w + kw + t] = sums[r * taps + t];
  }
}
