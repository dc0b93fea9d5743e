// The running statistics move by `momentum` toward those of the batch; its variance counts one element less. One invocation
// per channel.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "norm_running.h"
#include "common/index.glsl"

layout(binding = 0) buffer Means { float means[]; };
layout(binding = 1) buffer Variances { float variances[]; };
layout(binding = 2) readonly buffer Stats { vec2 stats[]; };
layout(binding = 3) readonly buffer Variance { float variance[]; };
layout(binding = 4) readonly buffer Rows { uint rows[]; };  // images that count

void main() {
  const uint channel = invocation_index();
  if (channel >= params.channels) return;
  float unbiased = params.unbiased;
  if (counted != 0) {
    const uint total = rows[0] * params.inner;
    if (total < 2) return;
    unbiased = float(total) / float(total - 1);
  }
  const float kept = 1.0 - params.momentum;
  means[channel] = kept * means[channel] + params.momentum * stats[channel].x;
  variances[channel] = kept * variances[channel] + params.momentum * (unbiased * variance[channel]);
}
