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

float pooled(uint result) {
  const At at = locate(result);
  const Window y = window_y(at.row), x = window_x(at.column);
  const uint base = at.plane * params.height * params.width;
  float v = function == POOL_MAX ? -INFINITY : 0.0;
  for (int i = y.begin; i < y.end; i += dilation_h) {
    for (int j = x.begin; j < x.end; j += dilation_w) {
      const float found = load_x(base + uint(i) * params.width + uint(j));
      if (function == POOL_AVERAGE) v += found;
      else if (found > v || is_nan(found)) v = found;
    }
  }
  return function == POOL_MAX ? v : v * share_of(at.row, y, at.column, x);
}

void main() {
  const uint first = invocation_index() * 4;
  if (first >= params.count) return;
  const uint n = min(4, params.count - first);
  vec4 v = vec4(0.0);
  for (uint i = 0; i < n; ++i) v[i] = pooled(first + i);
  store_y(first, v, n);
}
