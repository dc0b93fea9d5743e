// Where the largest of `depth` elements, `inner` apart, stands; the first of equals, and NaN counts as largest. One
// invocation per output, or one workgroup: then every invocation keeps its best, and a tree chooses among those.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "argmax.h"
#include "common/index.glsl"
#include "common/formats.glsl"

layout(binding = 0) readonly buffer X1 { uint x1[]; };
layout(binding = 0) readonly buffer X2 { uvec2 x2[]; };
layout(binding = 0) readonly buffer X4 { uvec4 x4[]; };
layout(binding = 1) writeonly buffer Y { int y[]; };

DEFINE_READER(x_one, x_four, format, x1, x2, x4)

shared float values[workgroup_size];
shared uint places[workgroup_size];

// Whether b, at place j, beats a, at place i.
bool beats(float b, uint j, float a, uint i) {
  const bool nan_a = is_nan(a);
  const bool nan_b = is_nan(b);
  if (nan_a || nan_b) return nan_a == nan_b ? j < i : nan_b;
  return b > a || (b == a && j < i);
}

// Candidates i to i + 3 of those from `base` on; nothing beats by what is past the last.
vec4 candidates(uint base, uint i) {
  if (wide != 0) return uintBitsToFloat(x_four((base + i) / 4));
  vec4 v = vec4(uintBitsToFloat(0xff800000u));
  [[unroll]] for (uint k = 0; k < 4; ++k)
    if (i + k < params.depth) v[k] = uintBitsToFloat(x_one(base + (i + k) * params.inner));
  return v;
}

void main() {
  const uint result = alone != 0 ? invocation_index() : workgroup_index();
  if (result >= params.outputs) return;
  const uint outer = result / params.inner;
  const uint base = outer * params.inner * params.depth + (result - outer * params.inner);
  const uint begin = alone != 0 ? 0 : 4 * lane();
  const uint step = alone != 0 ? 4 : 4 * workgroup_size;
  float best = uintBitsToFloat(0xff800000u);
  uint place = 0xffffffffu;
  for (uint i = begin; i < params.depth; i += step) {
    const vec4 v = candidates(base, i);
    if (i == begin) {
      best = v.x;
      place = i;
    }
    [[unroll]] for (uint k = 0; k < 4; ++k) {
      if (v[k] > best || (is_nan(v[k]) && !is_nan(best))) {
        best = v[k];
        place = i + k;
      }
    }
  }
  if (alone != 0) {
    y[result] = int(place);
    return;
  }
  values[lane()] = best;
  places[lane()] = place;
  barrier();
  for (uint stride = workgroup_size / 2; stride > 0; stride >>= 1) {
    if (lane() < stride && beats(values[lane() + stride], places[lane() + stride], values[lane()], places[lane()])) {
      values[lane()] = values[lane() + stride];
      places[lane()] = places[lane() + stride];
    }
    barrier();
  }
  if (lane() == 0) y[result] = int(places[0]);
}
