// y = x with the axis along which x is consecutive exchanged for another. One workgroup of 8 x 8 invocations per tile of
// 32 x 32 elements, one invocation per 4 x 4 of them, turned in registers: both sides then move 16 bytes at a time, and
// neighbours touch neighbouring memory on both sides, with no shared memory and no barrier.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "transpose.h"
#include "common/index.glsl"
#include "common/formats.glsl"

layout(binding = 0) readonly buffer X1 { uint x1[]; };
layout(binding = 0) readonly buffer X2 { uvec2 x2[]; };
layout(binding = 0) readonly buffer X4 { uvec4 x4[]; };
layout(binding = 1) buffer Y1 { uint y1[]; };
layout(binding = 1) buffer Y2 { uvec2 y2[]; };
layout(binding = 1) buffer Y4 { uvec4 y4[]; };

DEFINE_READER(x_one, x_four, format, x1, x2, x4)
DEFINE_WRITER(y_four, format, y1, y2, y4)

void main() {
  uint tile = workgroup_index();
  const uint tile_r = tile % params.tiles_r;
  tile /= params.tiles_r;
  const uint tile_c = tile % params.tiles_c;
  uint batch = tile / params.tiles_c;
  uint base_x = 0;
  uint base_y = 0;
  [[unroll]] for (uint axis = batch_axes; axis > 0;) {
    --axis;
    const uint at = batch % params.batch[axis];
    batch /= params.batch[axis];
    base_x += at * params.batch_x[axis];
    base_y += at * params.batch_y[axis];
  }
  if (batch > 0) return;  // past the last tile

  const uint r0 = tile_r * TRANSPOSE_TILE + (lane() >> 3) * 4;  // neighbours fill a line of y before they leave it
  const uint c0 = tile_c * TRANSPOSE_TILE + (lane() & 7u) * 4;
  if (r0 >= params.rows || c0 >= params.cols) return;
  if (wide != 0) {
    uvec4 v[4];
    [[unroll]] for (uint c = 0; c < 4; ++c) v[c] = x_four((base_x + (c0 + c) * params.stride_x + r0) / 4);
    [[unroll]] for (uint r = 0; r < 4; ++r)
      y_four((base_y + (r0 + r) * params.stride_y + c0) / 4, uvec4(v[0][r], v[1][r], v[2][r], v[3][r]), 4);
    return;
  }
  // Elements of one word each, so that no two invocations share one.
  const uint rows = min(4, params.rows - r0);
  const uint cols = min(4, params.cols - c0);
  for (uint r = 0; r < rows; ++r)
    for (uint c = 0; c < cols; ++c)
      y1[base_y + (r0 + r) * params.stride_y + c0 + c] = x1[base_x + (c0 + c) * params.stride_x + r0 + r];
}
