// {mean, sum of squares about it} or {sum of dy, sum of dy xhat} of one chunk of one channel: one workgroup each. Chunks are
// combined by norm_finish.
//@ variants REDUCE = subgroup shared
#version 450
#extension GL_GOOGLE_include_directive : require
#include "norm_channels.h"
#include "common/index.glsl"
#include "common/divide.glsl"
#include "common/floats.glsl"
#include "common/reduce.glsl"

layout(binding = 0) readonly buffer X1 { uint x1[]; };
layout(binding = 0) readonly buffer X2 { uvec2 x2[]; };
layout(binding = 0) readonly buffer X4 { uvec4 x4[]; };
layout(binding = 1) readonly buffer DY1 { uint dy1[]; };
layout(binding = 1) readonly buffer DY2 { uvec2 dy2[]; };
layout(binding = 1) readonly buffer DY4 { uvec4 dy4[]; };
layout(binding = 2) readonly buffer Stats { float stats[]; };  // {mean, rstd}, and the rest of the mean of a row
layout(binding = 3) writeonly buffer Partial { float partial[]; };
layout(binding = 4) readonly buffer Rows { uint rows[]; };  // images that count

DEFINE_READER(x_one, x_four, format, x1, x2, x4)
DEFINE_READER(dy_one, dy_four, format, dy1, dy2, dy4)

float sum4(vec4 v) { return (v.x + v.y) + (v.z + v.w); }

vec3 stats_of(uint image, uint channel) {
  if (params.groups == 0) return vec3(stats[2 * channel], stats[2 * channel + 1], 0.0);
  const uint row = image * params.groups + channel / (params.channels / params.groups);
  return vec3(stats[3 * row], stats[3 * row + 1], stats[3 * row + 2]);
}

// {sum of (x - about), sum of its squares}, or the sums of a gradient, over [begin, end).
vec2 sums(uint channel, uint begin, uint end, float about) {
  vec2 sum = vec2(0.0);
  const uint step = wide != 0 ? 4 : 1;
  for (uint i = begin + step * lane(); i < end; i += step * workgroup_size) {
    const uint image = quotient(i, params.inner, params.inner_multiplier, params.inner_shift);
    const uint e = (image * params.channels + channel) * params.inner + (i - image * params.inner);
    vec3 s = vec3(0.0, 1.0, 0.0);
    if (function == NORM_GRADIENTS) s = stats_of(image, channel);
    if (wide != 0) {
      const vec4 x = uintBitsToFloat(x_four(e / 4));
      if (function == NORM_GRADIENTS) {
        const vec4 dy = uintBitsToFloat(dy_four(e / 4));
        sum += vec2(sum4(dy), sum4(dy * ((x - s.x) - s.z)) * s.y);
      } else {
        sum += vec2(sum4(x - about), sum4((x - about) * (x - about)));
      }
    } else {
      const float x = uintBitsToFloat(x_one(e));
      if (function == NORM_GRADIENTS) {
        const float dy = uintBitsToFloat(dy_one(e));
        sum += vec2(dy, dy * ((x - s.x) - s.z) * s.y);
      } else {
        sum += vec2(x - about, (x - about) * (x - about));
      }
    }
  }
  return sum;
}

void main() {
  const uint channel = workgroup_index() % params.channels;
  const uint chunk = workgroup_index() / params.channels;
  if (chunk >= params.chunks) return;
  const uint total = counted != 0 ? min(rows[0], params.total / params.inner) * params.inner : params.total;
  const uint begin = chunk * params.chunk_size, end = clamp(total, begin, begin + params.chunk_size);
  vec2 result;
  if (function == NORM_GRADIENTS) {
    const vec2 sum = sums(channel, begin, end, 0.0);
    result = vec2(workgroup_sum(sum.x), workgroup_sum(sum.y));
  } else {
    const float count = float(max(end - begin, 1));  // no element: the sums are 0
    float mean = workgroup_sum(sums(channel, begin, end, 0.0).x) / count;
    const vec2 about = sums(channel, begin, end, mean);
    const float rest = workgroup_sum(about.x) / count;  // what rounding left in the mean
    result = vec2(mean + rest, kept_max(workgroup_sum(about.y) - count * rest * rest, 0.0));
  }
  if (lane() != 0) return;
  partial[2 * chunk * params.channels + channel] = result.x;
  partial[(2 * chunk + 1) * params.channels + channel] = result.y;
}
