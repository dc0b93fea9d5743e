// What the two directions of a whole small network share: where its matrices lie, and its activation.
#ifndef COMMON_MLP
#define COMMON_MLP
#include "common/stable.glsl"
#include "common/sum4.glsl"

const uint kWidth = 4 * quads;
const uint kTurn = each * blocks;
const uint kTile = kTurn * turns;  // rows of a tile
const bool kWideIns = ins % 4 == 0;

// The invocation's four units of a layer, and its block of rows. Where there is one block, a compiler sees that all have
// the same rows, and a software driver reads them once.
uint own_column() { return lane() % quads; }
uint own_block() { return blocks == 1 ? 0 : lane() / quads; }

// The first group of four of the matrix that makes hidden layer `layer`; layer `hidden_layers` is the last matrix.
uint matrix_of(uint layer) { return layer == 0 ? 0 : (ins + 1 + (layer - 1) * (kWidth + 1)) * quads; }

float activated(float x) {
  if (activation == MLP_SIGMOID) return stable_sigmoid(x);
  if (activation == MLP_TANH) return stable_tanh(x);
  return kept_max(x, 0.0);
}
vec4 activated(vec4 x) { return vec4(activated(x.x), activated(x.y), activated(x.z), activated(x.w)); }

// The derivative, from what the activation made.
vec4 slope_of(vec4 y) {
  if (activation == MLP_SIGMOID) return y * (1.0 - y);
  if (activation == MLP_TANH) return 1.0 - y * y;
  return vec4(greaterThan(y, vec4(0.0)));
}

#endif
