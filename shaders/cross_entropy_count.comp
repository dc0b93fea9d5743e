// The divisor of a mean cross-entropy: the sum of the class weights (1 each without) of the targets that are not
// ignored. One workgroup.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "cross_entropy_count.h"
#include "common/index.glsl"
#include "common/reduce.glsl"

layout(binding = 0) readonly buffer Targets { int targets[]; };
layout(binding = 1) readonly buffer Weights { float weights[]; };
layout(binding = 2) writeonly buffer Divisor { float divisor[]; };

void main() {
  float count = 0.0;
  for (uint row = lane(); row < params.rows; row += workgroup_size) {
    const int label = targets[row];
    if (label < 0) continue;
    // An index past the last class poisons the loss rather than being read.
    if (uint(label) >= params.cols)
      count += uintBitsToFloat(0x7fc00000u);
    else
      count += weighted != 0 ? weights[label] : 1.0;
  }
  count = workgroup_sum(count);
  if (lane() == 0) divisor[0] = count;
}
