// The rows of the data set that make the current batch. One invocation per row of the batch: its position in the epoch,
// sent through the epoch's permutation; -1 past the end of the data set.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "batch_indices.h"
#include "common/index.glsl"
#include "common/permutation.h"
#include "common/step_state.h"

layout(binding = 0) readonly buffer State { uint state[]; };
layout(binding = 1) writeonly buffer Y { int y[]; };

void main() {
  const uint i = invocation_index();
  if (i >= params.batch) return;
  const uint position = state[STATE_CURSOR] * params.batch + i;
  if (position >= params.samples) {
    y[i] = -1;
    return;
  }
  if (shuffle == 0) {
    y[i] = int(position);
    return;
  }
  const uvec2 seed = uvec2(params.seed ^ state[STATE_SEED_LOW], state[STATE_SEED_HIGH]);
  y[i] = int(permuted(position, params.samples, permutation_keys(seed, state[STATE_EPOCH])));
}
