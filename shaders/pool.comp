// The maximum or the average of each window. One invocation per four consecutive results.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "pool.h"
#include "common/index.glsl"
#include "common/floats.glsl"
#include "common/pool.glsl"

layout(binding = 0) readonly buffer X { uint x1[]; };
layout(binding = 1) buffer Y { uint y1[]; };
layout(binding = 1) buffer Y4 { uvec4 y4[]; };

DEFINE_FLOAT_READER(load_x, format, x1)
DEFINE_FLOAT_WRITER(store_y, format, y1, y4)

float start() { return function == POOL_MAX ? -INFINITY : 0.0; }
float gathered(float v, float found) {
  if (function == POOL_AVERAGE) return v + found;
  return found > v || is_nan(found) ? found : v;
}

float pooled_whole(At at) {
  const uint corner = corner_of(at);
  float v = start();
  FOR_WHOLE_WINDOW(i, j) v = gathered(v, load_x(place_in_window(corner, i, j)));
  return function == POOL_MAX ? v : v * (1.0 / float(kernel_h * kernel_w));
}

float pooled(At at) {
  const Window y = window_y(at.row), x = window_x(at.column);
  const uint base = at.plane * params.height * params.width;
  float v = start();
  for (int i = y.begin; i < y.end; i += dilation_h)
    for (int j = x.begin; j < x.end; j += dilation_w) v = gathered(v, load_x(base + uint(i) * params.width + uint(j)));
  return function == POOL_MAX ? v : v * share_of(at.row, y, at.column, x);
}

void main() {
  const uint first = invocation_index() * 4;
  if (first >= params.count) return;
  const uint n = min(4, params.count - first);
  vec4 v = vec4(0.0);
  for (uint i = 0; i < n; ++i) {
    const At at = locate(first + i);
    v[i] = whole != 0 ? pooled_whole(at) : pooled(at);
  }
  store_y(first, v, n);
}
