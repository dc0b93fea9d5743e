// Of each window the element of g that stands where x has its maximum: the first of equals, as pool.comp finds it. One
// invocation per four consecutive results.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "pool_pick.h"
#include "common/index.glsl"
#include "common/floats.glsl"
#include "common/pool.glsl"

layout(binding = 0) readonly buffer X { uint x1[]; };
layout(binding = 1) readonly buffer G { uint g1[]; };
layout(binding = 2) buffer Y { uint y1[]; };
layout(binding = 2) buffer Y4 { uvec4 y4[]; };

DEFINE_FLOAT_READER(load_x, format, x1)
DEFINE_FLOAT_READER(load_g, format, g1)
DEFINE_FLOAT_WRITER(store_y, format, y1, y4)

float picked(At at) {
  const Window y = window_y(at.row), x = window_x(at.column);
  const uint base = at.plane * params.height * params.width;
  uint found = base;
  float top = 0.0;
  bool none = true;
  for (int i = y.begin; i < y.end; i += dilation_h) {
    for (int j = x.begin; j < x.end; j += dilation_w) {
      const uint place = base + uint(i) * params.width + uint(j);
      const float v = load_x(place);
      if (none || v > top || is_nan(v)) {
        top = v;
        found = place;
      }
      none = false;
    }
  }
  return load_g(found);
}

void main() {
  const uint first = invocation_index() * 4;
  if (first >= params.count) return;
  const uint n = min(4, params.count - first);
  vec4 v = vec4(0.0);
  for (uint i = 0; i < n; ++i) v[i] = picked(locate(first + i));
  store_y(first, v, n);
}
