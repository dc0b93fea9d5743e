// Batch normalisation, element by element, once the statistics or the sums of its channel are known. One invocation per four
// consecutive elements. What a function does not use is bound to anything.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "norm_apply.h"
#include "common/index.glsl"
#include "common/divide.glsl"
#include "common/floats.glsl"

layout(binding = 0) readonly buffer X1 { uint x1[]; };
layout(binding = 0) readonly buffer X2 { uvec2 x2[]; };
layout(binding = 0) readonly buffer X4 { uvec4 x4[]; };
layout(binding = 1) readonly buffer Gamma { uint gamma1[]; };
layout(binding = 2) readonly buffer Beta { uint beta1[]; };
layout(binding = 3) readonly buffer Stats { float stats[]; };  // {mean, rstd} by channel, or the running means
layout(binding = 4) readonly buffer Sums { float sums[]; };    // {sum, sum} by channel, or the running variances
layout(binding = 5) readonly buffer DY1 { uint dy1[]; };
layout(binding = 5) readonly buffer DY2 { uvec2 dy2[]; };
layout(binding = 5) readonly buffer DY4 { uvec4 dy4[]; };
layout(binding = 6) buffer Y { uint y1[]; };
layout(binding = 7) readonly buffer Rows { uint rows[]; };  // images that count
layout(binding = 6) buffer Y4 { uvec4 y4[]; };

DEFINE_READER(x_one, x_four, format, x1, x2, x4)
DEFINE_READER(dy_one, dy_four, format, dy1, dy2, dy4)
DEFINE_FLOAT_READER(load_gamma, gamma_format, gamma1)
DEFINE_FLOAT_READER(load_beta, gamma_format, beta1)
DEFINE_FLOAT_WRITER(store_y, format, y1, y4)

// y = (x - centre) slope + shift + dy tilt, of one channel
struct Line {
  float centre, slope, shift, tilt;
};
Line line_of(uint e) {
  const uint row = quotient(e, params.inner, params.inner_multiplier, params.inner_shift);
  const uint channel =
      row - params.channels * quotient(row, params.channels, params.channels_multiplier, params.channels_shift);
  const float gamma = has_gamma != 0 ? load_gamma(channel) : 1.0;
  Line line;
  if (function == NORM_APPLY_RUNNING) {
    line.centre = stats[channel];
    line.slope = gamma / sqrt(sums[channel] + params.eps);
  } else {
    line.centre = stats[2 * channel];
    line.slope = gamma * stats[2 * channel + 1];
  }
  line.shift = has_beta != 0 ? load_beta(channel) : 0.0;
  line.tilt = 0.0;
  if (function == NORM_APPLY_BACKWARD) {
    const float rstd = stats[2 * channel + 1];
    float total = params.total;
    bool counts = true;
    if (counted != 0) {
      const uint elements = params.inner * params.channels;  // of an image
      total = float(clamp(rows[0], 1, params.count / elements) * params.inner);
      counts = e / elements < rows[0];
    }
    line.tilt = line.slope;
    // An image that does not count moves no statistics.
    line.shift = counts ? -line.slope * (sums[2 * channel] / total) : 0.0;
    line.slope = counts ? -line.slope * rstd * (sums[2 * channel + 1] / total) : 0.0;
  }
  return line;
}

void main() {
  const uint quad = invocation_index();
  const uint first = 4 * quad;
  if (first >= params.count) return;
  vec4 v = vec4(0.0);
  if (wide != 0) {
    const Line line = line_of(first);
    v = (uintBitsToFloat(x_four(quad)) - line.centre) * line.slope + line.shift;
    if (function == NORM_APPLY_BACKWARD) v += uintBitsToFloat(dy_four(quad)) * line.tilt;
    store_y(first, v, 4);
    return;
  }
  const uint n = min(4, params.count - first);
  for (uint i = 0; i < n; ++i) {
    const Line line = line_of(first + i);
    v[i] = (uintBitsToFloat(x_one(first + i)) - line.centre) * line.slope + line.shift;
    if (function == NORM_APPLY_BACKWARD) v[i] += uintBitsToFloat(dy_one(first + i)) * line.tilt;
  }
  store_y(first, v, n);
}
