// The network, in a fragment shader: reads the weights that Lemnos published, as they lie in its parameter arena.
//
// uv -> the features of encoding.h -> NETWORK_WIDTH -> NETWORK_WIDTH -> colour, with ReLU between.

#include "encoding.h"

layout(set = 0, binding = 1, std430) readonly buffer Parameters { vec4 parameters[]; };

const uint kFeatures = ENCODING_PAIRS;     // vec4s
const uint kWidth = NETWORK_WIDTH / 4;  // vec4s

vec4 row(uint matrix, uint y, uint width, uint x) { return parameters[matrices[matrix] + y * width + x]; }

vec3 network(vec2 uv) {
  vec4 features[kFeatures];
#define WAVES(index, x0, y0, x1, y1)                                            \
  {                                                                             \
    const vec2 a = 6.2831853 * vec2(dot(uv, vec2(x0, y0)), dot(uv, vec2(x1, y1))); \
    features[index] = vec4(sin(a.x), cos(a.x), sin(a.y), cos(a.y));             \
  }
  ENCODING(WAVES)
#undef WAVES
  vec4 first[kWidth], second[kWidth];
  for (uint o = 0; o < kWidth; ++o) {
    vec4 sum = row(1, 0, 0, o);
    for (uint i = 0; i < kFeatures; ++i)
      for (uint j = 0; j < 4; ++j) sum[j] += dot(row(0, 4 * o + j, kFeatures, i), features[i]);
    first[o] = max(sum, 0);
  }
  for (uint o = 0; o < kWidth; ++o) {
    vec4 sum = row(3, 0, 0, o);
    for (uint i = 0; i < kWidth; ++i)
      for (uint j = 0; j < 4; ++j) sum[j] += dot(row(2, 4 * o + j, kWidth, i), first[i]);
    second[o] = max(sum, 0);
  }
  vec3 colour = row(5, 0, 0, 0).rgb;
  for (uint i = 0; i < kWidth; ++i)
    for (uint j = 0; j < 3; ++j) colour[j] += dot(row(4, j, kWidth, i), second[i]);
  return clamp(colour, 0, 1);
}
