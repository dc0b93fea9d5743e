// Rows longer than max_norm are shortened to it, in place. One workgroup per row.
//@ variants REDUCE = subgroup shared
#version 450
#extension GL_GOOGLE_include_directive : require
#include "max_norm.h"
#include "common/index.glsl"
#include "common/reduce.glsl"

layout(binding = 0) buffer X { float x[]; };

void main() {
  const uint row = workgroup_index();
  if (row >= params.rows) return;
  const uint base = row * params.cols;
  float squares = 0.0;
  for (uint i = lane(); i < params.cols; i += workgroup_size) squares += x[base + i] * x[base + i];
  const float norm = sqrt(workgroup_sum(squares));
  if (!(norm > params.max_norm)) return;
  const float scale = params.max_norm / norm;
  for (uint i = lane(); i < params.cols; i += workgroup_size) x[base + i] *= scale;
}
