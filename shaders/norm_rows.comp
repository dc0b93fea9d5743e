// y = (x - mean) rstd gamma + beta along rows, and {mean, rstd} of each row. One workgroup per row (or two, where rows of a
// half type share a word): the mean, then the squares about it, which also correct the mean, then the result.
//@ variants REDUCE = subgroup shared
#version 450
#extension GL_GOOGLE_include_directive : require
#include "norm_rows.h"
#include "common/index.glsl"
#include "common/floats.glsl"
#include "common/reduce.glsl"
#include "common/norm_rows.glsl"

layout(binding = 2) readonly buffer B1 { uint beta1[]; };
layout(binding = 2) readonly buffer B2 { uvec2 beta2[]; };
layout(binding = 2) readonly buffer B4 { uvec4 beta4[]; };
layout(binding = 3) writeonly buffer Stats { vec2 stats[]; };
layout(binding = 4) buffer Y { uint y1[]; };
layout(binding = 4) buffer Y2 { uvec2 y2[]; };
layout(binding = 4) buffer Y4 { uvec4 y4[]; };

DEFINE_READER(beta_one, beta_four, gamma_format, beta1, beta2, beta4)
DEFINE_FLOAT_WRITER(store_y, format, y1, y4)

float beta_of(uint e, uint row) { return has_beta != 0 ? uintBitsToFloat(beta_one(channel_of(e, row))) : 0.0; }
vec4 betas_of(uint e, uint row) {
  if (has_beta == 0) return vec4(0.0);
  const uint channel = channel_of(e, row);
  return uintBitsToFloat(per_column != 0 ? beta_four(channel / 4) : uvec4(beta_one(channel)));
}

vec2 statistics(uint row) {
  const uint begin = row * params.cols, end = begin + params.cols;
  const float count = float(params.cols);
  float mean = 0.0;
  if (centred != 0) {
    float sum = 0.0;
    if (wide != 0) {
      for (uint e = begin + 4 * lane(); e < end; e += 4 * workgroup_size) sum += sum4(load_x4(e));
    } else {
      for (uint e = begin + lane(); e < end; e += workgroup_size) sum += load_x(e);
    }
    mean = workgroup_sum(sum) / count;
  }
  float rest = 0.0, squares = 0.0;
  if (wide != 0) {
    for (uint e = begin + 4 * lane(); e < end; e += 4 * workgroup_size) {
      const vec4 d = load_x4(e) - mean;
      rest += sum4(d);
      squares += sum4(d * d);
    }
  } else {
    for (uint e = begin + lane(); e < end; e += workgroup_size) {
      const float d = load_x(e) - mean;
      rest += d;
      squares += d * d;
    }
  }
  squares = workgroup_sum(squares) / count;
  if (centred != 0) {
    rest = workgroup_sum(rest) / count;
    mean += rest;
    squares = max(squares - rest * rest, 0.0);
  }
  return vec2(mean, 1.0 / sqrt(squares + params.eps));
}

void main() {
  const uint first_row = workgroup_index() * each;
  if (first_row >= params.rows) return;  // uniform in the workgroup, so the barriers below stay legal
  const bool both = each == 2 && first_row + 1 < params.rows;
  const vec2 first = statistics(first_row);
  vec2 second = first;
  if (both) second = statistics(first_row + 1);
  if (lane() == 0) {
    stats[first_row] = first;
    if (both) stats[first_row + 1] = second;
  }
  const uint begin = first_row * params.cols, end = begin + (both ? 2 : 1) * params.cols;
  if (wide != 0) {
    for (uint e = begin + 4 * lane(); e < end; e += 4 * workgroup_size) {
      const vec4 v = (load_x4(e) - first.x) * first.y * scales_of(e, first_row) + betas_of(e, first_row);
      if (format_is_half(format)) y2[e / 4] = uvec2(pack_half(format, v.xy), pack_half(format, v.zw));
      else y4[e / 4] = floatBitsToUint(v);
    }
    return;
  }
  const uint step = format_is_half(format) ? 2 : 1;
  for (uint e = begin + step * lane(); e < end; e += step * workgroup_size) {
    const uint n = min(step, end - e);
    vec4 v = vec4(0.0);
    for (uint i = 0; i < n; ++i) {
      const uint row = row_of(e + i, first_row);
      const vec2 s = row == first_row ? first : second;
      v[i] = (load_x(e + i) - s.x) * s.y * scale_of(e + i, row) + beta_of(e + i, row);
    }
    store_y(e, v, n);
  }
}
