// The global norm of the gradient arena, and what follows from it for this step: the factor that gradients are used with,
// and the loss scale. Each workgroup leaves the sum of squares of params.per_group quads; one workgroup adds those up in
// a fixed order and writes StepState. An arena that one workgroup can walk takes one launch for both.
//@ variants REDUCE = subgroup shared
#version 450
#extension GL_GOOGLE_include_directive : require
#include "gradient_norm.h"
#include "common/index.glsl"
#include "common/reduce.glsl"
#include "common/step_state.h"

layout(binding = 0) readonly buffer Gradients { vec4 gradients[]; };
layout(binding = 1) buffer Partials { float partials[]; };
layout(binding = 2) buffer State { uint state[]; };
layout(binding = 3) readonly buffer Mask { float mask[]; };  // by blocks of 64 elements

void set_real(uint word, float v) { state[word] = floatBitsToUint(v); }
bool is_finite(float v) { return (floatBitsToUint(v) & 0x7f800000u) != 0x7f800000u; }

float sum_of_squares(uint group) {
  const uint begin = group * params.per_group;
  const uint end = min(begin + params.per_group, params.quads);
  float total = 0.0;
  for (uint i = begin + lane(); i < end; i += 4 * workgroup_size)
    [[unroll]] for (uint k = 0; k < 4; ++k) {  // four loads in flight
      const uint at = i + k * workgroup_size;
      const bool counts = at < end && (masked == 0 || mask[(params.first + at) / 16] != 0.0);
      const vec4 g = counts ? gradients[at] : vec4(0.0);
      total += dot(g, g);
    }
  return workgroup_sum(total);
}

void finish(float squares) {
  const float scale = params.loss_scale * STATE_REAL(STATE_LOSS_SCALE);
  if (!is_finite(squares)) {
    set_real(STATE_GRADIENT_NORM, squares);
    set_real(STATE_CLIP_FACTOR, 0.0);
    state[STATE_GOOD_STEPS] = 0;
    if (params.interval != 0) set_real(STATE_LOSS_SCALE, STATE_REAL(STATE_LOSS_SCALE) * params.backoff);
    return;
  }
  const float norm = sqrt(squares) / scale;
  set_real(STATE_GRADIENT_NORM, norm);
  float factor = 1.0 / scale;
  if (params.max_norm > 0.0) factor *= min(1.0, params.max_norm / (norm + 1e-6));
  set_real(STATE_CLIP_FACTOR, factor);
  const uint good = state[STATE_GOOD_STEPS] + 1;
  const bool grows = params.interval != 0 && good >= params.interval;
  state[STATE_GOOD_STEPS] = grows ? 0 : good;
  if (grows) set_real(STATE_LOSS_SCALE, STATE_REAL(STATE_LOSS_SCALE) * params.growth);
}

void main() {
  const uint group = workgroup_index();
  float squares = 0.0;
  if (sums != 0) {
    if (group * params.per_group >= params.quads) return;
    squares = sum_of_squares(group);
    if (finishes == 0) {
      if (lane() == 0) partials[params.partial + group] = squares;
      return;
    }
  } else {
    if (group != 0) return;
    for (uint i = lane(); i < params.partials; i += workgroup_size) squares += partials[i];
    squares = workgroup_sum(squares);
  }
  if (lane() == 0) finish(squares);
}
