// Random numbers of a distribution. One invocation per four consecutive elements, which is one Philox block.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "random.h"
#include "common/exponential.glsl"
#include "common/index.glsl"
#include "common/formats.glsl"
#include "common/philox.h"
#include "common/step_state.h"

layout(binding = 0) readonly buffer State { uint state[]; };
layout(binding = 1) buffer Y1 { uint y1[]; };
layout(binding = 1) buffer Y2 { uvec2 y2[]; };
layout(binding = 1) buffer Y4 { uvec4 y4[]; };

DEFINE_WRITER(y_four, format, y1, y2, y4)

// The standard normal whose cumulative probability is u, 0 < u < 1, without the sine of the Box-Muller method, of which
// Vulkan promises only 2^-11: sqrt(2) erfinv(2u - 1) by the polynomials of M. Giles, "Approximating the erfinv function"
// (2011), with relative error near 3e-7.
float normal_quantile(float u) {
  float w = -exact_log(4.0 * u * (1.0 - u));
  float p;
  if (w < 5.0) {
    w -= 2.5;
    p = 2.81022636e-08;
    p = 3.43273939e-07 + p * w;
    p = -3.5233877e-06 + p * w;
    p = -4.39150654e-06 + p * w;
    p = 0.00021858087 + p * w;
    p = -0.00125372503 + p * w;
    p = -0.00417768164 + p * w;
    p = 0.246640727 + p * w;
    p = 1.50140941 + p * w;
  } else {
    w = sqrt(w) - 3.0;
    p = -0.000200214257;
    p = 0.000100950558 + p * w;
    p = 0.00134934322 + p * w;
    p = -0.00367342844 + p * w;
    p = 0.00573950773 + p * w;
    p = -0.0076224613 + p * w;
    p = 0.00943887047 + p * w;
    p = 1.00167406 + p * w;
    p = 2.83297682 + p * w;
  }
  return 1.41421356 * p * (2.0 * u - 1.0);
}

void main() {
  const uint quad = invocation_index();
  const uint first = quad * 4;
  if (first >= params.count) return;
  const uvec4 bits = philox(uvec4(quad, state[STATE_STEP], 0u, 0u),
                            uvec2(params.seed ^ state[STATE_SEED_LOW], params.stream ^ state[STATE_SEED_HIGH]));
  vec4 v;
  for (uint i = 0; i < 4; ++i) {
    if (distribution == RANDOM_NORMAL) {
      // Odd multiples of 2^-24, so neither 0 nor 1; f32 holds them and their complement exactly.
      v[i] = params.a + params.b * normal_quantile(float((bits[i] >> 9) * 2u + 1u) * 5.9604644775390625e-08);
    } else {
      v[i] = params.a + params.b * (float(bits[i] >> 8) * 5.9604644775390625e-08);
    }
  }
  y_four(quad, floatBitsToUint(v), min(4, params.count - first));
}
