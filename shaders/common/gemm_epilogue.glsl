// What happens to a sum before it is stored: scale, bias, residual, function, mask. Include after defining
// EPILOGUE_BINDING, the binding of C; bias, extra, the mask's state and the sums of rows follow it. Where they are absent
// their bindings hold any buffer, never touched.
#ifndef COMMON_GEMM_EPILOGUE
#define COMMON_GEMM_EPILOGUE
#include "common/vector.glsl"
#include "common/unary.glsl"

layout(binding = EPILOGUE_BINDING) WRITTEN buffer C { T c[]; };
layout(binding = EPILOGUE_BINDING) WRITTEN buffer C4 { T4 c4[]; };
layout(binding = EPILOGUE_BINDING + 1) readonly buffer Bias { T bias[]; };
layout(binding = EPILOGUE_BINDING + 1) readonly buffer Bias4 { T4 bias4[]; };
layout(binding = EPILOGUE_BINDING + 2) readonly buffer Extra { T extras[]; };
layout(binding = EPILOGUE_BINDING + 2) readonly buffer Extra4 { T4 extras4[]; };
layout(binding = EPILOGUE_BINDING + 3) readonly buffer State { uint state[]; };
layout(binding = EPILOGUE_BINDING + 4) WRITTEN buffer RowSums { T row_sum[]; };
#include "common/mask.glsl"

float finish(float v, float r) {
  if (extra == MATMUL_EXTRA_SLOPE) return v * unary_slope(activation, r, params.a, params.b);
  return unary_value(activation, v, params.a, params.b);
}

// Stores `sum` as C[index .. index + 3], of which the column of the first is `column`; only `count` of them are there.
void store_sums(uint index, uint column, vec4 sum, uint count) {
  vec4 v = params.alpha * sum;
  if (vector_c != 0) {
    vec4 r = vec4(0.0);
    if (has_bias != 0) v += LOAD4(bias4, column / 4);
    if (extra != MATMUL_EXTRA_NONE) r = LOAD4(extras4, index / 4);
    if (extra == MATMUL_EXTRA_RESIDUAL) v += params.beta * r;
    // Not as a loop: SwiftShader forgets NoContraction where it unrolls one, and multiplies constants.
    if (activation != UNARY_IDENTITY)
      v = vec4(finish(v.x, r.x), finish(v.y, r.y), finish(v.z, r.z), finish(v.w, r.w));
    if (masked != 0)
      v = mix(vec4(0.0), params.scale * v, greaterThanEqual(mask_bits(index / 4), uvec4(params.threshold)));
    STORE4(c4, index / 4, v);
    return;
  }
  [[unroll]] for (uint i = 0; i < 4; ++i) {
    if (i >= count) continue;
    float r = 0.0;
    if (has_bias != 0) v[i] += LOAD(bias, column + i);
    if (extra != MATMUL_EXTRA_NONE) r = LOAD(extras, index + i);
    if (extra == MATMUL_EXTRA_RESIDUAL) v[i] += params.beta * r;
    if (activation != UNARY_IDENTITY) v[i] = finish(v[i], r);
    if (masked != 0) v[i] = mask_bits((index + i) / 4)[(index + i) % 4] < params.threshold ? 0.0 : params.scale * v[i];
    STORE(c, index + i, v[i]);
  }
}

#endif
