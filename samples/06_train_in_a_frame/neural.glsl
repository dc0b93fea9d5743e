// The network, in a fragment shader: reads the weights that Lemnos published, as they lie in its parameter arena.
//
// uv -> the features of encoding.h -> NETWORK_LAYERS times NETWORK_WIDTH, with ReLU between -> colour. Matrices lie one
// after another, each by rows, [inputs + 1, outputs]: the last row is the bias.

#include "encoding.h"

layout(set = 0, binding = 1, std430) readonly buffer Parameters { vec4 parameters[]; };

const uint kFeatures = ENCODING_PAIRS;  // vec4s
const uint kWidth = NETWORK_WIDTH / 4;  // vec4s

vec3 network(vec2 uv) {
  vec4 features[kFeatures];
#define WAVES(index, x0, y0, x1, y1)                                            \
  {                                                                             \
    const vec2 a = 6.2831853 * vec2(dot(uv, vec2(x0, y0)), dot(uv, vec2(x1, y1))); \
    features[index] = vec4(sin(a.x), cos(a.x), sin(a.y), cos(a.y));             \
  }
  ENCODING(WAVES)
#undef WAVES
  uint at = place;
  vec4 units[kWidth], next[kWidth];
  for (uint o = 0; o < kWidth; ++o) units[o] = parameters[at + 4 * kFeatures * kWidth + o];
  for (uint i = 0; i < 4 * kFeatures; ++i)
    for (uint o = 0; o < kWidth; ++o) units[o] += features[i / 4][i % 4] * parameters[at++];
  at += kWidth;
  for (uint layer = 1; layer < NETWORK_LAYERS; ++layer) {
    for (uint o = 0; o < kWidth; ++o) next[o] = parameters[at + 4 * kWidth * kWidth + o];
    for (uint i = 0; i < 4 * kWidth; ++i)
      for (uint o = 0; o < kWidth; ++o) next[o] += max(units[i / 4][i % 4], 0) * parameters[at++];
    at += kWidth;
    units = next;
  }
  vec4 colour = parameters[at + 4 * kWidth];
  for (uint i = 0; i < 4 * kWidth; ++i) colour += max(units[i / 4][i % 4], 0) * parameters[at++];
  return clamp(colour.rgb, 0, 1);
}
