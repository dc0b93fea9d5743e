// Losses over elements with their gradient in one pass. A workgroup takes params.per_group consecutive elements, four to
// an invocation at a time, and leaves one sum (partial_sum.comp adds them up) or a loss per element.
//@ variants REDUCE = subgroup shared
#version 450
#extension GL_GOOGLE_include_directive : require
#include "loss.h"
#include "common/index.glsl"
#include "common/reduce.glsl"
#include "common/loss.glsl"

layout(binding = 0) readonly buffer P { float p[]; };
layout(binding = 1) readonly buffer Target { float t[]; };
layout(binding = 2) writeonly buffer Y { float y[]; };
layout(binding = 3) writeonly buffer DP { float dp[]; };
layout(binding = 0) readonly buffer P4 { vec4 p4[]; };
layout(binding = 1) readonly buffer Target4 { vec4 t4[]; };
layout(binding = 2) writeonly buffer Y4 { vec4 y4[]; };
layout(binding = 3) writeonly buffer DP4 { vec4 dp4[]; };

float value(float a, float b) { return loss_value(function, a, b, params.a, params.b); }
float slope(float a, float b) { return params.scale * loss_slope(function, a, b, params.a, params.b); }

float quad(uint i) {
  const vec4 a = p4[i];
  const vec4 b = t4[i];
  if (with_gradient != 0) dp4[i] = vec4(slope(a.x, b.x), slope(a.y, b.y), slope(a.z, b.z), slope(a.w, b.w));
  const vec4 v = vec4(value(a.x, b.x), value(a.y, b.y), value(a.z, b.z), value(a.w, b.w));
  if (reduced == 0) y4[i] = v;
  return (v.x + v.y) + (v.z + v.w);
}

float single(uint i) {
  const float a = p[i];
  const float b = t[i];
  if (with_gradient != 0) dp[i] = slope(a, b);
  const float v = value(a, b);
  if (reduced == 0) y[i] = v;
  return v;
}

void main() {
  const uint group = workgroup_index();
  const uint begin = group * params.per_group;
  if (begin >= params.count) return;
  const uint end = begin + min(params.per_group, params.count - begin);
  float total = 0.0;
  for (uint q = begin / 4 + lane(); q < end / 4; q += workgroup_size) total += quad(q);
  const uint rest = end / 4 * 4 + lane();  // the last three elements at most
  if (rest < end) total += single(rest);
  if (reduced == 0) return;
  total = workgroup_sum(total);
  if (lane() == 0) y[group] = params.scale * total;
}
