// LAMB over the flat arenas of the whole model, in three launches. Moments and update: one invocation per four
// consecutive elements, sixteen of them to a block of 64, which belongs to one parameter. Ratios: one workgroup per
// parameter. The update is made twice from m and v rather than kept.
//@ variants REDUCE = subgroup shared
#version 450
#extension GL_GOOGLE_include_directive : require
#include "lamb.h"
#include "common/index.glsl"
#include "common/reduce.glsl"
#include "common/special.glsl"
#include "common/step_state.h"
#include "common/sum4.glsl"

layout(binding = 0) readonly buffer State { uint state[]; };
layout(binding = 1) buffer Parameters { vec4 parameters[]; };
layout(binding = 2) readonly buffer Gradients { vec4 gradients[]; };
layout(binding = 3) buffer First { vec4 m[]; };
layout(binding = 4) buffer Second { vec4 v[]; };
layout(binding = 5) buffer Blocks { vec2 blocks[]; };           // squares of weights and update; then {ratio, -}
layout(binding = 6) readonly buffer Bounds { int bounds[]; };   // the blocks of parameter k: from bounds[k] to the next
layout(binding = 7) readonly buffer Groups { vec2 groups[]; };  // {factor of lr, of weight decay} per block

const uint kQuads = 16;  // of a block
shared vec2 block_sums[workgroup_size];

vec2 factors_of(uint block) { return grouped != 0 ? groups[block] : vec2(1.0); }

vec4 update_of(uint i, vec4 p, vec2 factors) {
  const float c1 = params.beta1 * STATE_REAL(STATE_CORRECTION1) + params.rest1;
  const float c2 = params.beta2 * STATE_REAL(STATE_CORRECTION2) + params.rest2;
  return m[i] / c1 / (sqrt(v[i]) / sqrt(c2) + params.eps) + params.weight_decay * factors.y * p;
}

void move_moments() {
  const uint i = invocation_index();
  const uint in_block = lane() % kQuads;
  vec2 squares = vec2(0.0);
  if (i < params.count) {
    const vec2 factors = factors_of(i / kQuads);
    if (factors.x != 0.0) {
      vec4 g = STATE_REAL(STATE_CLIP_FACTOR) * gradients[i];
      if (clipped != 0) g = kept_clamp(g, -params.clip_value, params.clip_value);
      m[i] = params.beta1 * m[i] + params.rest1 * g;
      v[i] = params.beta2 * v[i] + params.rest2 * g * g;
      const vec4 p = parameters[i], u = update_of(i, p, factors);
      squares = vec2(dot4(p, p), dot4(u, u));
    }
  }
  block_sums[lane()] = squares;
  barrier();
  for (uint stride = kQuads / 2; stride > 0; stride >>= 1) {
    if (in_block < stride) block_sums[lane()] += block_sums[lane() + stride];
    barrier();
  }
  if (in_block == 0 && i < params.count) blocks[i / kQuads] = block_sums[lane()];
}

void find_ratio() {
  const uint k = workgroup_index();
  if (k >= params.count) return;
  const uint begin = uint(bounds[k]), end = uint(bounds[k + 1]);
  vec2 squares = vec2(0.0);
  for (uint b = begin + lane(); b < end; b += workgroup_size) squares += blocks[b];
  const float weights = workgroup_sum(squares.x), updates = workgroup_sum(squares.y);
  const float ratio = weights > 0.0 && updates > 0.0 ? sqrt(weights) / sqrt(updates) : 1.0;
  for (uint b = begin + lane(); b < end; b += workgroup_size) blocks[b] = vec2(ratio, 0.0);
}

void take_update() {
  const uint i = invocation_index();
  if (i >= params.count) return;
  const vec2 factors = factors_of(i / kQuads);
  if (factors.x == 0.0) return;
  const float lr = params.lr * STATE_REAL(STATE_SCHEDULE) * STATE_REAL(STATE_LR_FACTOR) * factors.x;
  const vec4 p = parameters[i];
  parameters[i] = p - lr * blocks[i / kQuads].x * update_of(i, p, factors);
}

void main() {
  if (STATE_UPDATE_IS_LEFT_OUT) return;
  switch (phase) {
    case LAMB_MOMENTS: move_moments(); break;
    case LAMB_RATIOS: find_ratio(); break;
    case LAMB_UPDATE: take_update(); break;
  }
}
