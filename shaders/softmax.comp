// softmax or its logarithm along rows. One workgroup per row: maximum, then sum of exp, then the result. Accumulates in
// f32 for every T.
//@ variants T = f32 f16 bf16 f16p bf16p
//@ variants REDUCE = subgroup shared
#version 450
#extension GL_GOOGLE_include_directive : require
#include "softmax.h"
#include "common/types.glsl"
#include "common/index.glsl"
#include "common/reduce.glsl"

layout(binding = 0) readonly buffer X { T x[]; };
layout(binding = 1) WRITTEN buffer Y { T y[]; };

void main() {
  const uint row = workgroup_index();
  if (row >= params.rows) return;  // uniform in the workgroup, so the barriers below stay legal
  const uint base = row * params.cols;

  float top = -INFINITY;
  for (uint i = lane(); i < params.cols; i += workgroup_size) top = max(top, LOAD(x, base + i));
  top = workgroup_max(top);

  float total = 0.0;
  for (uint i = lane(); i < params.cols; i += workgroup_size) total += exp(LOAD(x, base + i) - top);
  total = workgroup_sum(total);

  const float scale = 1.0 / total;
  const float offset = log(total);  // subtracted last: top may be large, and top + offset would lose its digits
  for (uint i = lane(); i < params.cols; i += workgroup_size) {
    const float v = LOAD(x, base + i);
    STORE(y, base + i, logarithm != 0 ? (v - top) - offset : exp(v - top) * scale);
  }
}
