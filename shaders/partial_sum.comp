// y[k] = scale * sum over i of x[i * width + k]: the last step of reductions whose workgroups each left one item. One
// workgroup per k, in a fixed order.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "partial_sum.h"
#include "common/index.glsl"
#include "common/reduce.glsl"

layout(binding = 0) readonly buffer X { float x[]; };
layout(binding = 1) writeonly buffer Y { float y[]; };

void main() {
  const uint k = workgroup_index();
  if (k >= params.width) return;
  float total = 0.0;
  for (uint i = lane(); i < params.count; i += workgroup_size) total += x[i * params.width + k];
  total = workgroup_sum(total);
  if (lane() == 0) y[k] = params.scale * total;
}
