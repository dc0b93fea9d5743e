// The rows of the data set that make the current batch. One invocation per row of the batch: its position in the epoch,
// sent through the epoch's permutation; past the end of the data set -1, and the batch's first row.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "batch_indices.h"
#include "common/index.glsl"
#include "common/permutation.h"
#include "common/step_state.h"

layout(binding = 0) readonly buffer State { uint state[]; };
layout(binding = 1) writeonly buffer Rows { int rows[]; };
layout(binding = 2) writeonly buffer Padded { int padded[]; };
layout(binding = 3) writeonly buffer Count { uint count[]; };

/// The row at `position` of the epoch, which is number i of the batch.
int row_at(uint position, uint i, uint samples) {
  if (params.window != 0) {
    // The number of the batch since the start, modulo the window: no product here reaches 2^32.
    const uint before = (state[STATE_EPOCH] % params.window) * (state[STATE_BATCHES] % params.window);
    return int((before + state[STATE_CURSOR]) % params.window * params.batch + i);
  }
  if (shuffle == 0) return int(position);
  const uvec2 seed = uvec2(params.seed ^ state[STATE_SEED_LOW], state[STATE_SEED_HIGH]);
  return int(permuted(position, samples, permutation_keys(seed, state[STATE_EPOCH])));
}

void main() {
  const uint i = invocation_index();
  if (i >= params.batch) return;
  const uint samples = params.samples != 0 ? params.samples : state[STATE_ROWS];
  const uint first = state[STATE_CURSOR] * params.batch;
  const uint there = first < samples ? min(samples - first, params.batch) : 0;
  if (i == 0) count[0] = there;
  const bool is_there = i < there;
  const int row = there == 0 ? -1 : row_at(is_there ? first + i : first, is_there ? i : 0, samples);
  rows[i] = is_there ? row : -1;
  padded[i] = row;
}
