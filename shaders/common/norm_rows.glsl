// Rows of a normalisation: reading x in groups of four where it lies so, and the channel of an element.
#ifndef COMMON_NORM_ROWS
#define COMMON_NORM_ROWS

#include "common/sum4.glsl"

layout(binding = 0) readonly buffer X1 { uint x1[]; };
layout(binding = 0) readonly buffer X2 { uvec2 x2[]; };
layout(binding = 0) readonly buffer X4 { uvec4 x4[]; };
layout(binding = 1) readonly buffer G1 { uint gamma1[]; };
layout(binding = 1) readonly buffer G2 { uvec2 gamma2[]; };
layout(binding = 1) readonly buffer G4 { uvec4 gamma4[]; };

DEFINE_READER(x_one, x_four, format, x1, x2, x4)
DEFINE_READER(gamma_one, gamma_four, gamma_format, gamma1, gamma2, gamma4)

float load_x(uint e) { return uintBitsToFloat(x_one(e)); }
vec4 load_x4(uint e) { return uintBitsToFloat(x_four(e / 4)); }

uint channel_of(uint e, uint row) {
  if (per_column != 0) return e - row * params.cols;
  return e / params.inner % params.channels;
}

// Of element e, or of the four from e on.
float scale_of(uint e, uint row) {
  return has_gamma != 0 ? uintBitsToFloat(gamma_one(channel_of(e, row))) : 1.0;
}
vec4 scales_of(uint e, uint row) {
  if (has_gamma == 0) return vec4(1.0);
  const uint channel = channel_of(e, row);
  return uintBitsToFloat(per_column != 0 ? gamma_four(channel / 4) : uvec4(gamma_one(channel)));
}

// The row of element e among the `each` that begin at `first_row`.
uint row_of(uint e, uint first_row) {
  return each == 2 && e >= (first_row + 1) * params.cols ? first_row + 1 : first_row;
}

#endif
