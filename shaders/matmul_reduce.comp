// The second pass of a product whose K was cut into parts: adds the parts in order and finishes. One invocation per
// four consecutive elements of C, and of the sums of rows behind it.
//@ variants T = f32 f16 bf16 f16p bf16p
#version 450
#extension GL_GOOGLE_include_directive : require
#include "matmul_reduce.h"
#include "common/types.glsl"
#include "common/index.glsl"
#define EPILOGUE_BINDING 1
#include "common/gemm_epilogue.glsl"

layout(binding = 0) readonly buffer Partial { float partial[]; };
layout(binding = 0) readonly buffer Partial4 { vec4 partial4[]; };

float sum_at(uint i) {
  float sum = 0.0;
  for (uint p = 0; p < params.parts; ++p) sum += partial[p * params.stride + i];
  return sum;
}

void main() {
  const uint quad = invocation_index();
  const uint first = quad * 4;
  if (vector_c != 0 && first < params.count) {
    vec4 sum = vec4(0.0);
    for (uint p = 0; p < params.parts; ++p) sum += partial4[p * (params.stride / 4) + quad];
    store_sums(first, first % params.n, sum, 4);
    return;
  }
  for (uint i = first; i < min(first + 4, params.count + params.rows); ++i) {
    const float sum = sum_at(i);
    if (i < params.count) {
      store_sums(i, i % params.n, vec4(sum), 1);
    } else {
      STORE(row_sum, i - params.count, sum);
    }
  }
}
