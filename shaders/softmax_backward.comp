// dx = y * (dy - sum(y * dy)) for softmax, dx = dy - exp(y) * sum(dy) for its logarithm. One workgroup per row.
//@ variants T = f32 f16 bf16 f16p bf16p
//@ variants REDUCE = subgroup shared
#version 450
#extension GL_GOOGLE_include_directive : require
#include "softmax_backward.h"
#include "common/types.glsl"
#include "common/index.glsl"
#include "common/reduce.glsl"

layout(binding = 0) readonly buffer Y { T y[]; };
layout(binding = 1) readonly buffer DY { T dy[]; };
layout(binding = 2) WRITTEN buffer DX { T dx[]; };

void main() {
  const uint row = workgroup_index();
  if (row >= params.rows) return;
  const uint base = row * params.cols;

  float total = 0.0;
  for (uint i = base + lane(); i < base + params.cols; i += workgroup_size)
    total += logarithm != 0 ? LOAD(dy, i) : LOAD(y, i) * LOAD(dy, i);
  total = workgroup_sum(total);

  for (uint i = base + lane(); i < base + params.cols; i += workgroup_size) {
    const float v = LOAD(y, i);
    const float g = LOAD(dy, i);
    STORE(dx, i, logarithm != 0 ? g - exp(v) * total : v * (g - total));
  }
}
