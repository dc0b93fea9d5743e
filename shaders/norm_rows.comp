// y = (x - mean) rstd gamma + beta along rows, and {mean, rstd, what the mean lost in rounding} of each row. One workgroup per
// row (or two, where rows of a half type share a word), read twice: for mean and squares together, then for the result.
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
layout(binding = 3) writeonly buffer Stats { float stats[]; };
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

// The part of a row that one invocation has seen, its squares about its own mean. Elements count from an `origin` among them,
// so that a mean far from zero costs no digits.
struct Part {
  float count, mean, squares;
};

// Four elements of a row, neighbours or a workgroup apart, as far as they are `there`.
vec4 load_turn(uint e, uint end, out vec4 there) {
  there = vec4(1.0);
  if (wide != 0) return load_x4(e);
  vec4 v = vec4(0.0);
  [[unroll]] for (uint k = 0; k < 4; ++k) {
    if (e + k * workgroup_size < end) v[k] = load_x(e + k * workgroup_size);
    else there[k] = 0.0;
  }
  return v;
}

// Adds four elements at a time to the mean and the squares about it, which needs x only once. `scale` is on all of it.
Part walk_row(uint begin, uint end, float origin, float scale) {
  Part part = Part(0.0, 0.0, 0.0);
  for (uint e = begin + (wide != 0 ? 4 : 1) * lane(); e < end; e += 4 * workgroup_size) {
    vec4 there;
    const vec4 v = (load_turn(e, end, there) - origin) * there * scale;
    if (centred == 0) {
      part.squares += sum4(v * v);
      continue;
    }
    const float count = wide != 0 ? 4.0 : sum4(there);
    const float mean = sum4(v) / count;
    const vec4 d = (v - mean) * there;
    const float apart = mean - part.mean, share = count / (part.count + count);
    part.squares += sum4(d * d) + apart * apart * part.count * share;
    part.mean += apart * share;
    part.count += count;
  }
  return part;
}

// {mean, mean of the squares about it}, counted from `origin` and scaled
vec2 moments(uint row, float origin, float scale) {
  const uint begin = row * params.cols;
  const float cols = float(params.cols);
  const Part part = walk_row(begin, begin + params.cols, origin, scale);
  float mean = 0.0;
  if (centred != 0) mean = workgroup_sum(part.count * part.mean) / cols;
  const float apart = part.mean - mean;
  return vec2(mean, workgroup_sum(part.squares + part.count * apart * apart) / cols);
}

// {origin, mean counted from it, rstd}
vec3 statistics(uint row) {
  const float origin = centred != 0 ? load_x(row * params.cols) : 0.0;
  const vec2 all = moments(row, origin, 1.0);
  if (!is_infinite(all.y) && !is_nan(all.y)) return vec3(origin, all.x, 1.0 / sqrt(all.y + params.eps));
  // Squares past the type: once more with smaller numbers, beside which eps is nothing.
  const float scale = 8.470329472543003e-22;
  const vec2 scaled = moments(row, origin, scale);
  return vec3(origin, scaled.x / scale, scale / sqrt(scaled.y));
}

// The mean as a sum of two numbers: a spread of a few ulp of the mean is less than what one number loses.
void store_statistics(uint row, vec3 s) {
  precise const float mean = s.x + s.y;
  precise const float added = mean - s.x;
  precise const float rest = (s.x - (mean - added)) + (s.y - added);
  stats[3 * row] = mean;
  stats[3 * row + 1] = s.z;
  stats[3 * row + 2] = is_infinite(mean) || is_nan(mean) ? 0.0 : rest;
}

void main() {
  const uint first_row = workgroup_index() * each;
  if (first_row >= params.rows) return;  // uniform in the workgroup, so the barriers below stay legal
  const bool both = each == 2 && first_row + 1 < params.rows;
  const vec3 first = statistics(first_row);
  vec3 second = first;
  if (both) second = statistics(first_row + 1);
  if (lane() == 0) {
    store_statistics(first_row, first);
    if (both) store_statistics(first_row + 1, second);
  }
  const uint begin = first_row * params.cols, end = begin + (both ? 2 : 1) * params.cols;
  if (wide != 0) {
    for (uint e = begin + 4 * lane(); e < end; e += 4 * workgroup_size) {
      const vec4 v = ((load_x4(e) - first.x) - first.y) * first.z * scales_of(e, first_row) + betas_of(e, first_row);
      if (format_is_half(format)) y2[e / 4] = uvec2(pack_half(format, v.xy), pack_half(format, v.zw));
      else y4[e / 4] = floatBitsToUint(v);
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
      const vec3 s = row == first_row ? first : second;
      v[i] = ((load_x(e + i) - s.x) - s.y) * s.z * scale_of(e + i, row) + beta_of(e + i, row);
    }
    store_y(e, v, n);
  }
}
