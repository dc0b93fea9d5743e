// Gathers rows of consecutive elements into one result each: a subgroup to a row, or a workgroup to a long one. Two halves
// that share a word of y are made by the same. A row may be cut into chunks, whose results a second launch gathers.
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

// Who works on a row: a subgroup (then the workgroup has several rows, and no barrier), or the workgroup.
#ifdef REDUCE_subgroup
uint worker() { return by_subgroup != 0 ? gl_SubgroupInvocationID : lane(); }
uint workers() { return by_subgroup != 0 ? gl_SubgroupSize : workgroup_size; }
float gather_sum(float v) { return by_subgroup != 0 ? subgroupAdd(v) : workgroup_sum(v); }
float gather_max(float v) { return by_subgroup != 0 ? subgroupMax(v) : workgroup_max(v); }
#else
uint worker() { return lane(); }
uint workers() { return workgroup_size; }
float gather_sum(float v) { return workgroup_sum(v); }
float gather_max(float v) { return workgroup_max(v); }
#endif

// In a fixed order. A maximum of the device may lose a NaN, so that is looked for apart.
float gather(float v) {
  if (kind == REDUCE_SUM || kind == REDUCE_SUM_SQUARES) return gather_sum(v);
  const float nan = gather_max(is_nan(v) ? 1.0 : 0.0);
  const float top = gather_max(kind == REDUCE_MAX ? v : -v);
  if (nan > 0.0) return uintBitsToFloat(0x7fc00000u);
  return kind == REDUCE_MAX ? top : -top;
}

float reduce_one(uint result) {
  const uint row = params.chunks == 1 ? result : result / params.chunks;
  const uint begin = (result - row * params.chunks) * params.chunk_cols;
  const uint end = min(begin + params.chunk_cols, params.cols);
  const uint base = row * params.cols;
  float sum = reduction_start();
  if (wide != 0) {
    vec4 sums = vec4(sum);
    for (uint q = (base + begin) / 4 + worker(); q < (base + end) / 4; q += workers())
      sums = reduction_add(sums, uintBitsToFloat(x_four(q)));
    sum = reduction_join(reduction_join(sums.x, sums.y), reduction_join(sums.z, sums.w));
  } else {
    for (uint i = base + begin + worker(); i < base + end; i += workers())
      sum = reduction_add(sum, uintBitsToFloat(x_one(i)));
  }
  return reduction_finish(gather(sum));
}

// Stores word `unit` of y: one result, or two halves.
void reduce_word(uint unit, uint results) {
  if (!format_is_half(result_format)) {
    const float v = reduce_one(unit);
    if (worker() == 0) y1[unit] = floatBitsToUint(v);
    return;
  }
  const bool pair = 2 * unit + 1 < results;
  const float low = reduce_one(2 * unit);
  const float high = pair ? reduce_one(2 * unit + 1) : 0.0;
  if (worker() != 0) return;
  const uint word = pack_half(result_format, vec2(low, high));
  y1[unit] = pair ? word : (y1[unit] & 0xffff0000u) | (word & 0xffffu);
}

void main() {
  const uint results = params.rows * params.chunks;
  const uint words = format_is_half(result_format) ? (results + 1) / 2 : results;
#ifdef REDUCE_subgroup
  if (by_subgroup != 0) {
    const uint first = workgroup_index() * params.words_per_group;
    const uint end = min(first + params.words_per_group, words);
    for (uint unit = first + gl_SubgroupID; unit < end; unit += gl_NumSubgroups) reduce_word(unit, results);
    return;
  }
#endif
  if (workgroup_index() < words) reduce_word(workgroup_index(), results);
}
