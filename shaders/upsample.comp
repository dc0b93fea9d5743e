// Planes at another size: each result reads its one or four neighbours; backward, each element of dx gathers from the
// results that read it, in their order. One invocation per four consecutive elements.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "upsample.h"
#include "common/index.glsl"
#include "common/floats.glsl"

layout(binding = 0) readonly buffer X { uint x1[]; };
layout(binding = 1) buffer Y { uint y1[]; };
layout(binding = 1) buffer Y4 { uvec4 y4[]; };

DEFINE_FLOAT_READER(load_x, format, x1)
DEFINE_FLOAT_WRITER(store_y, format, y1, y4)

struct Place {
  int low, high;
  float part;  // of the high one
};
Place place_of(int o, int mul, int add, int den, int extent) {
  const int at = max(o * mul + add, 0);
  Place p;
  p.low = min(at / den, extent - 1);
  p.high = linear != 0 ? min(p.low + 1, extent - 1) : p.low;
  p.part = linear != 0 ? float(at - p.low * den) / float(den) : 0.0;
  return p;
}
float between(float low, float high, float part) { return low + part * (high - low); }

Place place_y(int o) { return place_of(o, params.mul_h, params.add_h, params.den_h, int(params.height)); }
Place place_x(int o) { return place_of(o, params.mul_w, params.add_w, params.den_w, int(params.width)); }

float value(uint result) {
  const uint row = result / params.out_width;
  const uint plane = row / params.out_height;
  const Place y = place_y(int(row - plane * params.out_height));
  const Place x = place_x(int(result - row * params.out_width));
  const uint base = plane * params.height * params.width;
  const uint above = base + uint(y.low) * params.width, below = base + uint(y.high) * params.width;
  if (linear == 0) return load_x(above + uint(x.low));
  const float upper = between(load_x(above + uint(x.low)), load_x(above + uint(x.high)), x.part);
  const float lower = between(load_x(below + uint(x.low)), load_x(below + uint(x.high)), x.part);
  return between(upper, lower, y.part);
}

// The results that may read place i, the last excluded.
ivec2 readers_of(int i, int mul, int add, int den, int out_extent) {
  if (mul == 0) return ivec2(0, out_extent);
  return ivec2(max(((i - 1) * den - add) / mul, 0), min(((i + 1) * den - add + mul - 1) / mul + 1, out_extent));
}
float weight(Place p, int i) { return (p.low == i ? 1.0 - p.part : 0.0) + (p.high == i ? p.part : 0.0); }

float gradient(uint element) {
  const uint row = element / params.width;
  const uint plane = row / params.height;
  const int i = int(row - plane * params.height), j = int(element - row * params.width);
  ivec2 over_y = readers_of(i, params.mul_h, params.add_h, params.den_h, int(params.out_height));
  ivec2 over_x = readers_of(j, params.mul_w, params.add_w, params.den_w, int(params.out_width));
  float sum = 0.0;
  for (int a = i == 0 ? 0 : over_y.x; a < over_y.y; ++a) {
    const float share = weight(place_y(a), i);
    if (share == 0.0) continue;
    const uint base = (plane * params.out_height + uint(a)) * params.out_width;
    float line = 0.0;
    for (int b = j == 0 ? 0 : over_x.x; b < over_x.y; ++b) {
      const float part = weight(place_x(b), j);
      if (part != 0.0) line += part * load_x(base + uint(b));
    }
    sum += share * line;
  }
  return sum;
}

void main() {
  const uint first = invocation_index() * 4;
  if (first >= params.count) return;
  const uint n = min(4, params.count - first);
  vec4 v = vec4(0.0);
  for (uint i = 0; i < n; ++i) v[i] = backward != 0 ? gradient(first + i) : value(first + i);
  store_y(first, v, n);
}
