// dx of a maximum or an average over windows: each element gathers from the windows that hold it, in their order. Of equal
// maxima the first of a window gets its gradient; which one that is, is found again from x and y. One invocation per four
// consecutive elements.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "pool_backward.h"
#include "common/index.glsl"
#include "common/floats.glsl"
#include "common/pool.glsl"

layout(binding = 0) readonly buffer X { uint x1[]; };
layout(binding = 1) readonly buffer Y { uint y1[]; };
layout(binding = 2) readonly buffer DY { uint dy1[]; };
layout(binding = 3) buffer DX { uint dx1[]; };
layout(binding = 3) buffer DX4 { uvec4 dx4[]; };

DEFINE_FLOAT_READER(load_x, format, x1)
DEFINE_FLOAT_READER(load_y, format, y1)
DEFINE_FLOAT_READER(load_dy, format, dy1)
DEFINE_FLOAT_WRITER(store_dx, format, dx1, dx4)

bool same(float a, float b) { return a == b || (is_nan(a) && is_nan(b)); }

// Is (i, j) the place that the window's maximum `top` came from? A NaN replaces what stood before it, so of several the
// last counts.
bool is_first(float v, float top, Window y, Window x, int i, int j, uint base) {
  if (!same(v, top)) return false;
  const bool last_counts = is_nan(top);
  const int begin_i = last_counts ? i : y.begin, end_i = last_counts ? y.end : i + 1;
  for (int a = begin_i; a < end_i; a += y.step) {
    for (int b = x.begin; b < x.end; b += x.step) {
      const bool before = a < i || (a == i && b < j), after = a > i || (a == i && b > j);
      if ((last_counts ? after : before) && same(load_x(base + uint(a) * params.width + uint(b)), top)) return false;
    }
  }
  return true;
}

float gradient(uint element) {
  const uint row = element / params.width;
  const uint plane = row / params.height;
  const int i = int(row - plane * params.height), j = int(element - row * params.width);
  const uint base = plane * params.height * params.width;
  const ivec2 over_y = windows_over_y(i), over_x = windows_over_x(j);
  const float v = function == POOL_MAX ? load_x(element) : 0.0;
  float sum = 0.0;
  for (int a = over_y.x; a < over_y.y; ++a) {
    const Window y = window_y(a);
    if (i < y.begin || i >= y.end || (i - y.begin) % y.step != 0) continue;
    for (int b = over_x.x; b < over_x.y; ++b) {
      const Window x = window_x(b);
      if (j < x.begin || j >= x.end || (j - x.begin) % x.step != 0) continue;
      const uint result = (plane * params.out_height + uint(a)) * params.out_width + uint(b);
      if (function == POOL_AVERAGE) sum += load_dy(result) * share_of(y, x);
      else if (is_first(v, load_y(result), y, x, i, j, base)) sum += load_dy(result);
    }
  }
  return sum;
}

void main() {
  const uint first = invocation_index() * 4;
  if (first >= params.count) return;
  const uint n = min(4, params.count - first);
  vec4 v = vec4(0.0);
  for (uint i = 0; i < n; ++i) v[i] = gradient(first + i);
  store_dx(first, v, n);
}
