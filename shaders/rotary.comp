// Pairs of each row turned by the angle of its position. One invocation per four consecutive elements; each reads its
// partner half a row away.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "rotary.h"
#include "common/index.glsl"
#include "common/floats.glsl"

layout(binding = 0) readonly buffer X { uint x1[]; };
layout(binding = 1) readonly buffer Turns { vec2 turns[]; };  // cosine and sine of each position and pair
layout(binding = 2) buffer Y { uint y1[]; };
layout(binding = 2) buffer Y4 { uvec4 y4[]; };

DEFINE_FLOAT_READER(load_x, format, x1)
DEFINE_FLOAT_WRITER(store_y, format, y1, y4)

float turned(uint element) {
  const uint row = element / params.elements, d = element - row * params.elements;
  const uint half_row = params.elements / 2;
  const bool high = d >= half_row;
  const uint pair = high ? d - half_row : d;
  const vec2 turn = turns[row / params.rows % params.positions * half_row + pair];
  const float partner = load_x(high ? element - half_row : element + half_row);
  const bool plus = high == (inverse == 0);
  return load_x(element) * turn.x + (plus ? partner : -partner) * turn.y;
}

void main() {
  const uint first = invocation_index() * 4;
  if (first >= params.count) return;
  const uint n = min(4, params.count - first);
  vec4 v = vec4(0.0);
  for (uint i = 0; i < n; ++i) v[i] = turned(first + i);
  store_y(first, v, n);
}
