// counts[target][prediction] += 1 for each pair; a negative target does not count. One invocation per pair. The additions
// are of integers, so their order cannot matter.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "confusion_count.h"
#include "common/index.glsl"

layout(binding = 0) buffer Counts { uint counts[]; };
layout(binding = 1) readonly buffer Predictions { uint predictions[]; };
layout(binding = 2) readonly buffer Targets { int targets[]; };

void main() {
  const uint i = invocation_index();
  if (i >= params.count) return;
  const int target = targets[i];
  if (target < 0 || uint(target) >= (scores != 0 ? 2 : params.classes)) return;
  uint column = predictions[i];
  if (scores != 0) {
    const float score = uintBitsToFloat(column);
    if ((column & 0x7fffffffu) > 0x7f800000u) return;
    column = uint(clamp(score * float(params.classes), 0.0, float(params.classes - 1)));
  }
  if (column >= params.classes) return;
  atomicAdd(counts[uint(target) * params.classes + column], 1);
}
