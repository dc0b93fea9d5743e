// Gathers rows of consecutive elements into one result each. One workgroup per result, or per two where they share a
// word of y; a row may be cut into chunks, whose results a second launch gathers.
//@ variants REDUCE = subgroup shared
#version 450
#extension GL_GOOGLE_include_directive : require
#include "reduce_rows.h"
#include "common/index.glsl"
#include "common/formats.glsl"
#include "common/reduce.glsl"
#include "common/reduction.glsl"

layout(binding = 0) readonly buffer X1 { uint x1[]; };
layout(binding = 0) readonly buffer X2 { uvec2 x2[]; };
layout(binding = 0) readonly buffer X4 { uvec4 x4[]; };
layout(binding = 1) buffer Y1 { uint y1[]; };

DEFINE_READER(x_one, x_four, format, x1, x2, x4)

// Over the workgroup, in a fixed order. A maximum of the device may lose a NaN, so that is looked for apart.
float gather(float v) {
  if (kind == REDUCE_SUM || kind == REDUCE_SUM_SQUARES) return workgroup_sum(v);
  const float nan = workgroup_max(is_nan(v) ? 1.0 : 0.0);
  const float top = workgroup_max(kind == REDUCE_MAX ? v : -v);
  if (nan > 0.0) return uintBitsToFloat(0x7fc00000u);
  return kind == REDUCE_MAX ? top : -top;
}

float reduce_one(uint result) {
  const uint row = result / params.chunks;
  const uint begin = (result - row * params.chunks) * params.chunk_cols;
  const uint end = min(begin + params.chunk_cols, params.cols);
  const uint base = row * params.cols;
  float sum = reduction_start();
  if (wide != 0) {
    vec4 sums = vec4(sum);
    for (uint q = (base + begin) / 4 + lane(); q < (base + end) / 4; q += workgroup_size)
      sums = reduction_add(sums, uintBitsToFloat(x_four(q)));
    sum = reduction_join(reduction_join(sums.x, sums.y), reduction_join(sums.z, sums.w));
  } else {
    for (uint i = base + begin + lane(); i < base + end; i += workgroup_size)
      sum = reduction_add(sum, uintBitsToFloat(x_one(i)));
  }
  return gather(sum);
}

void main() {
  const uint results = params.rows * params.chunks;
  const uint each = format_is_half(result_format) ? 2 : 1;
  const uint first = workgroup_index() * each;
  if (first >= results) return;
  const float low = reduction_finish(reduce_one(first));
  if (each == 1) {
    if (lane() == 0) y1[first] = floatBitsToUint(low);
    return;
  }
  const bool pair = first + 1 < results;
  const float high = pair ? reduction_finish(reduce_one(first + 1)) : 0.0;
  if (lane() != 0) return;
  const uint word = pack_half(result_format, vec2(low, high));
  y1[first / 2] = pair ? word : (y1[first / 2] & 0xffff0000u) | (word & 0xffffu);
}
