// dx = rstd (g - mean(g) - xhat mean(g xhat)) along rows, with g = dy gamma and xhat = (x - mean) rstd; where the mean is
// not taken out, the term mean(g) goes. One workgroup per row, or two where rows of a half type share a word.
//@ variants REDUCE = subgroup shared
#version 450
#extension GL_GOOGLE_include_directive : require
#include "norm_rows_backward.h"
#include "common/index.glsl"
#include "common/floats.glsl"
#include "common/reduce.glsl"
#include "common/norm_rows.glsl"

layout(binding = 2) readonly buffer Stats { float stats[]; };  // {mean, rstd, rest of the mean} of each row
layout(binding = 3) readonly buffer DY1 { uint dy1[]; };
layout(binding = 3) readonly buffer DY2 { uvec2 dy2[]; };
layout(binding = 3) readonly buffer DY4 { uvec4 dy4[]; };
layout(binding = 4) buffer DX { uint dx1[]; };
layout(binding = 4) buffer DX2 { uvec2 dx2[]; };
layout(binding = 4) buffer DX4 { uvec4 dx4[]; };

DEFINE_READER(dy_one, dy_four, format, dy1, dy2, dy4)
DEFINE_FLOAT_WRITER(store_dx, format, dx1, dx4)

float load_g(uint e, uint row) { return uintBitsToFloat(dy_one(e)) * scale_of(e, row); }
vec4 load_g4(uint e, uint row) { return uintBitsToFloat(dy_four(e / 4)) * scales_of(e, row); }

vec3 stats_of(uint row) { return vec3(stats[3 * row], stats[3 * row + 1], stats[3 * row + 2]); }

// mean(g) and mean(g xhat).
vec2 means(uint row) {
  const uint begin = row * params.cols, end = begin + params.cols;
  const vec3 s = stats_of(row);
  float plain = 0.0, along = 0.0;
  if (wide != 0) {
    for (uint e = begin + 4 * lane(); e < end; e += 4 * workgroup_size) {
      const vec4 g = load_g4(e, row);
      plain += sum4(g);
      along += sum4(g * ((load_x4(e) - s.x) - s.z));
    }
  } else {
    for (uint e = begin + lane(); e < end; e += workgroup_size) {
      const float g = load_g(e, row);
      plain += g;
      along += g * ((load_x(e) - s.x) - s.z);
    }
  }
  plain = centred != 0 ? workgroup_sum(plain) : 0.0;
  along = workgroup_sum(along) * s.y;
  return vec2(plain, along) / float(params.cols);
}

void main() {
  const uint first_row = workgroup_index() * each;
  if (first_row >= params.rows) return;
  const bool both = each == 2 && first_row + 1 < params.rows;
  const vec2 first = means(first_row);
  vec2 second = first;
  if (both) second = means(first_row + 1);
  const vec3 first_stats = stats_of(first_row), second_stats = both ? stats_of(first_row + 1) : first_stats;
  const uint begin = first_row * params.cols, end = begin + (both ? 2 : 1) * params.cols;
  if (wide != 0) {
    for (uint e = begin + 4 * lane(); e < end; e += 4 * workgroup_size) {
      const vec4 xhat = ((load_x4(e) - first_stats.x) - first_stats.z) * first_stats.y;
      const vec4 v = first_stats.y * (load_g4(e, first_row) - first.x - xhat * first.y);
      if (format_is_half(format)) dx2[e / 4] = uvec2(pack_half(format, v.xy), pack_half(format, v.zw));
      else dx4[e / 4] = floatBitsToUint(v);
    }
    return;
  }
  const uint step = format_is_half(format) ? 2 : 1;
  for (uint e = begin + step * lane(); e < end; e += step * workgroup_size) {
    const uint n = min(step, end - e);
    vec4 v = vec4(0.0);
    [[unroll]] for (uint i = 0; i < 2; ++i) {
      if (i >= n) break;
      const uint row = row_of(e + i, first_row);
      const vec3 s = row == first_row ? first_stats : second_stats;
      const vec2 m = row == first_row ? first : second;
      v[i] = s.y * (load_g(e + i, row) - m.x - ((load_x(e + i) - s.x) - s.z) * s.y * m.y);
    }
    store_dx(e, v, n);
  }
}
