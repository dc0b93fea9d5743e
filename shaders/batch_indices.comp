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
  const uint samples = params.samples != 0 ? params.samples : state[STATE_ROWS];
  const uint position = state[STATE_CURSOR] * params.batch + i;
  if (position >= samples) {
    y[i] = -1;
    return;
  }
  if (params.window != 0) {
    // The number of the batch since the start, modulo the window: no product here reaches 2^32.
    const uint before = (state[STATE_EPOCH] % params.window) * (state[STATE_BATCHES] % params.window);
    y[i] = int((before + state[STATE_CURSOR]) % params.window * params.batch + i);
    return;
  }
  if (shuffle == 0) {
    y[i] = int(position);
    return;
  }
  const uvec2 seed = uvec2(params.seed ^ state[STATE_SEED_LOW], state[STATE_SEED_HIGH]);
  y[i] = int(permuted(position, samples, permutation_keys(seed, state[STATE_EPOCH])));
}
