// Combines the chunks of norm_channels or norm_columns, in order. Statistics: {mean, rstd} and the variance of each channel,
// by the parallel form of Welford's update. Gradients: {sum of dy, sum of dy xhat} in f32, and as dgamma (`first`) and dbeta
// (`second`). One invocation per four channels.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "norm_finish.h"
#include "common/index.glsl"
#include "common/floats.glsl"

layout(binding = 0) readonly buffer Partial { float partial[]; };
layout(binding = 1) writeonly buffer Result { vec2 result[]; };
layout(binding = 2) buffer First { uint first1[]; };
layout(binding = 2) buffer First4 { uvec4 first4[]; };
layout(binding = 3) buffer Second { uint second1[]; };
layout(binding = 3) buffer Second4 { uvec4 second4[]; };
layout(binding = 4) readonly buffer Rows { uint rows[]; };  // images that count

DEFINE_FLOAT_WRITER(store_first, first_format, first1, first4)
DEFINE_FLOAT_WRITER(store_second, first_format, second1, second4)

vec2 chunk_of(uint chunk, uint channel) {
  return vec2(partial[2 * chunk * params.channels + channel], partial[(2 * chunk + 1) * params.channels + channel]);
}

// {mean, variance}
vec2 statistics(uint channel) {
  const uint total = counted != 0 ? min(rows[0], params.total / params.inner) * params.inner : params.total;
  vec2 all = chunk_of(0, channel);
  float count = float(min(params.chunk_size, total));
  for (uint chunk = 1; chunk * params.chunk_size < total; ++chunk) {
    const vec2 part = chunk_of(chunk, channel);
    const float more = float(min(params.chunk_size, total - chunk * params.chunk_size));
    const float apart = part.x - all.x, together = count + more;
    all.x += apart * (more / together);
    all.y += part.y + apart * apart * (count * more / together);
    count = together;
  }
  return vec2(all.x, all.y / max(count, 1.0));
}

vec2 gradients(uint channel) {
  vec2 sum = chunk_of(0, channel);
  for (uint chunk = 1; chunk < params.chunks; ++chunk) sum += chunk_of(chunk, channel);
  return sum;
}

void main() {
  const uint begin = 4 * invocation_index();
  if (begin >= params.channels) return;
  const uint n = min(4, params.channels - begin);
  vec4 first = vec4(0.0), second = vec4(0.0);
  for (uint i = 0; i < n; ++i) {
    if (function == NORM_GRADIENTS) {
      const vec2 sum = gradients(begin + i);
      result[begin + i] = sum;
      first[i] = sum.y;
      second[i] = sum.x;
    } else {
      const vec2 s = statistics(begin + i);
      result[begin + i] = vec2(s.x, 1.0 / sqrt(s.y + params.eps));
      first[i] = s.y;
    }
  }
  store_first(begin, first, n);
  if (function == NORM_GRADIENTS) store_second(begin, second, n);
}
