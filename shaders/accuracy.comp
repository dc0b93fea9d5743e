// {rows whose target is among the `top` largest logits, rows that count}: one pair per workgroup, which takes
// params.rows_per_group rows. A class beats the target when its logit is larger, or equal and earlier.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "accuracy.h"
#include "common/index.glsl"
#include "common/reduce.glsl"

layout(binding = 0) readonly buffer Logits { float logits[]; };
layout(binding = 1) readonly buffer Targets { int targets[]; };
layout(binding = 2) writeonly buffer Pairs { float pairs[]; };

bool is_number(float v) { return (floatBitsToUint(v) & 0x7fffffffu) <= 0x7f800000u; }

// How many of the classes first, first + step, .. beat the target.
float beaten_by(uint row, uint target, uint first, uint step) {
  const float own = logits[row * params.cols + target];
  uint count = 0;
  for (uint c = first; c < params.cols; c += step) {
    const float v = logits[row * params.cols + c];
    if (v > own || (v == own && c < target)) ++count;
  }
  return float(count);
}

void main() {
  const uint group = workgroup_index();
  const uint begin = group * params.rows_per_group;
  if (begin >= params.rows) return;
  const uint end = begin + min(params.rows_per_group, params.rows - begin);
  float right = 0.0, count = 0.0;
  const bool together = row_per_workgroup != 0;
  for (uint row = together ? begin : begin + lane(); row < end; row += together ? 1 : workgroup_size) {
    const int target = targets[row];
    if (target < 0) continue;
    const bool counts = !together || lane() == 0;
    if (counts) count += 1.0;
    if (uint(target) >= params.cols || !is_number(logits[row * params.cols + target])) continue;
    float rank = 0.0;
    if (together)
      rank = workgroup_sum(beaten_by(row, target, lane(), workgroup_size));
    else
      rank = beaten_by(row, target, 0, 1);
    if (counts && rank < float(params.top)) right += 1.0;
  }
  right = workgroup_sum(right);
  count = workgroup_sum(count);
  if (lane() == 0) {
    pairs[2 * group] = right;
    pairs[2 * group + 1] = count;
  }
}
