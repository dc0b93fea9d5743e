// dx of a maximum or an average over windows. Of equal maxima the first of a window gets its gradient; which one that is, is
// found again from x. Where windows overlap, an invocation owns four consecutive elements of dx, each of which gathers from
// the windows that hold it, in their order. Where they do not, it owns a window and the cell of dx around it.
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
  for (int a = begin_i; a < end_i; a += dilation_h) {
    for (int b = x.begin; b < x.end; b += dilation_w) {
      const bool before = a < i || (a == i && b < j), after = a > i || (a == i && b > j);
      if ((last_counts ? after : before) && same(load_x(base + uint(a) * params.width + uint(b)), top)) return false;
    }
  }
  return true;
}

bool holds(Window w, int at, int dilation) {
  return at >= w.begin && at < w.end && (at - w.begin) % dilation == 0;
}

float gradient(uint element) {
  const At at = locate(element);
  const int i = at.row, j = at.column;
  const uint base = at.plane * params.height * params.width;
  const ivec2 over_y = windows_over_y(i), over_x = windows_over_x(j);
  const float v = function == POOL_MAX ? load_x(element) : 0.0;
  float sum = 0.0;
  for (int a = over_y.x; a < over_y.y; ++a) {
    const Window y = window_y(a);
    if (!holds(y, i, dilation_h)) continue;
    for (int b = over_x.x; b < over_x.y; ++b) {
      const Window x = window_x(b);
      if (!holds(x, j, dilation_w)) continue;
      const uint result = (at.plane * params.out_height + uint(a)) * params.out_width + uint(b);
      if (function == POOL_AVERAGE) sum += load_dy(result) * share_of(a, y, b, x);
      else if (is_first(v, load_y(result), y, x, i, j, base)) sum += load_dy(result);
    }
  }
  return sum;
}

// The place of the maximum of a window, as y was found.
uint place_of_maximum(Window y, Window x, uint base) {
  uint found = base + uint(y.begin) * params.width + uint(x.begin);
  float top = load_x(found);
  for (int i = y.begin; i < y.end; ++i) {
    for (int j = x.begin; j < x.end; ++j) {
      const uint place = base + uint(i) * params.width + uint(j);
      const float v = load_x(place);
      if (v > top || is_nan(v)) {
        top = v;
        found = place;
      }
    }
  }
  return found;
}

// A cell that is its window.
void fill_whole_cell(uint cell) {
  const At at = locate(cell);
  const uint corner = corner_of(at);
  const float value = load_dy(cell);
  uint chosen = corner;
  float top = -INFINITY;
  if (function == POOL_MAX) {
    FOR_WHOLE_WINDOW(i, j) {
      const uint place = place_in_window(corner, i, j);
      const float v = load_x(place);
      if (v > top || is_nan(v)) {
        top = v;
        chosen = place;
      }
    }
  }
  const uint share = floatBitsToUint(value * (1.0 / float(kernel_h * kernel_w)));
  FOR_WHOLE_WINDOW(i, j) {
    const uint place = place_in_window(corner, i, j);
    dx1[place] = function == POOL_AVERAGE ? share : place == chosen ? floatBitsToUint(value) : 0;
  }
}

// dx is f32 here: no two cells share a word.
void fill_cell(uint cell) {
  const At at = locate(cell);
  const uint base = at.plane * params.height * params.width;
  const bool has_window = at.row < int(params.out_height) && at.column < int(params.out_width);
  const Window y = window_y(at.row), x = window_x(at.column);
  uint chosen = 0;
  float value = 0.0;
  if (has_window) {
    value = load_dy((at.plane * params.out_height + uint(at.row)) * params.out_width + uint(at.column));
    if (function == POOL_MAX) chosen = place_of_maximum(y, x, base);
    else value *= share_of(at.row, y, at.column, x);
  }
  const int row = at.row * stride_h - params.pad_h, column = at.column * stride_w - params.pad_w;
  for (int i = max(row, 0); i < min(row + stride_h, int(params.height)); ++i) {
    for (int j = max(column, 0); j < min(column + stride_w, int(params.width)); ++j) {
      const uint place = base + uint(i) * params.width + uint(j);
      const bool gets = function == POOL_MAX ? place == chosen : i < y.end && j < x.end;
      dx1[place] = has_window && gets ? floatBitsToUint(value) : 0;
    }
  }
}

void main() {
  if (owning != 0) {
    if (invocation_index() >= params.count) return;
    if (whole != 0) fill_whole_cell(invocation_index());
    else fill_cell(invocation_index());
    return;
  }
  const uint first = invocation_index() * 4;
  if (first >= params.count) return;
  const uint n = min(4, params.count - first);
  vec4 v = vec4(0.0);
  for (uint i = 0; i < n; ++i) v[i] = gradient(first + i);
  store_dx(first, v, n);
}
