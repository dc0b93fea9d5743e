// The global norm of the gradient arena, and what follows from it for this step: the factor that gradients are used with,
// and the loss scale. Each workgroup leaves the sum of squares of params.per_group quads; one workgroup adds those up in
// a fixed order and writes StepState. An arena that one workgroup can walk takes one launch for both. A sum is {of squares,
// 0}, or, where those are past the largest float, {0, of squares in units of 2^200}.
//@ variants REDUCE = subgroup shared
#version 450
#extension GL_GOOGLE_include_directive : require
#include "gradient_norm.h"
#include "common/index.glsl"
#include "common/reduce.glsl"
#include "common/step_state.h"
#include "common/sum4.glsl"

layout(binding = 0) readonly buffer Gradients { vec4 gradients[]; };
layout(binding = 1) buffer Partials { vec2 partials[]; };
layout(binding = 2) buffer State { uint state[]; };
layout(binding = 3) readonly buffer Mask { float mask[]; };  // by blocks of 64 elements

void set_real(uint word, float v) { state[word] = floatBitsToUint(v); }
const float kSmall = 7.888609052210118e-31, kLarge = 1.2676506002282294e30;  // 2^-100 and 2^100
const float kLeastNormal = 1.1754943508222875e-38;
bool is_finite(float v) { return (floatBitsToUint(v) & 0x7f800000u) != 0x7f800000u; }

float sum_of_squares(uint group, float unit) {
  const uint begin = group * params.per_group;
  const uint end = min(begin + params.per_group, params.quads);
  float total = 0.0;
  for (uint i = begin + lane(); i < end; i += 4 * workgroup_size)
    [[unroll]] for (uint k = 0; k < 4; ++k) {  // four loads in flight
      const uint at = i + k * workgroup_size;
      const bool counts = at < end && (masked == 0 || mask[(params.first + at) / 16] != 0.0);
      const vec4 g = counts ? gradients[at] * unit : vec4(0.0);
      total += dot4(g, g);
    }
  return workgroup_sum(total);
}

vec2 squares_of(uint group) {
  const float squares = sum_of_squares(group, 1.0);
  return is_finite(squares) ? vec2(squares, 0.0) : vec2(0.0, sum_of_squares(group, kSmall));
}

/// Squares in units of 2^200; 0 where they are nothing beside what needs such.
float in_units(float squares) {
  precise const float half_way = squares * kSmall;
  return half_way * kSmall;
}

/// The norm without the loss scale; past the largest float it is infinite.
float norm_of(vec2 squares, float scale) {
  if (squares.y == 0.0 && is_finite(squares.x)) return sqrt(squares.x) / scale;
  return sqrt(squares.y + in_units(squares.x)) * (kLarge / scale);
}

/// Nothing is updated by gradients that are not finite.
void leave_out(float norm) {
  set_real(STATE_GRADIENT_NORM, norm);
  set_real(STATE_CLIP_FACTOR, 0.0);
  state[STATE_GOOD_STEPS] = 0;
  if (params.interval == 0) return;
  const float scale = STATE_REAL(STATE_LOSS_SCALE), least = params.least / params.loss_scale;
  if (scale <= least) state[STATE_AT_LEAST] += 1;
  set_real(STATE_LOSS_SCALE, max(scale * params.backoff, least));
}

void finish(vec2 squares) {
  const float scale = params.loss_scale * STATE_REAL(STATE_LOSS_SCALE);
  const float norm = norm_of(squares, scale);
  float factor = 1.0 / scale, used = norm;
  if (params.max_norm > 0.0) {
    factor *= min(1.0, params.max_norm / (norm + 1e-6));
    used = min(norm, params.max_norm);
  }
  if (!is_finite(norm) || !is_finite(used * used)) {
    leave_out(norm);
    return;
  }
  set_real(STATE_GRADIENT_NORM, norm);
  // A device may take what is below the least normal number for 0 or not.
  set_real(STATE_CLIP_FACTOR, factor < kLeastNormal ? 0.0 : factor);
  const uint good = state[STATE_GOOD_STEPS] + 1;
  const bool grows = params.interval != 0 && good >= params.interval;
  state[STATE_GOOD_STEPS] = grows ? 0 : good;
  if (grows && scale * params.growth <= kLarge) set_real(STATE_LOSS_SCALE, STATE_REAL(STATE_LOSS_SCALE) * params.growth);
}

void main() {
  const uint group = workgroup_index();
  vec2 squares = vec2(0.0);
  if (sums != 0) {
    if (group * params.per_group >= params.quads) return;
    squares = squares_of(group);
    if (finishes == 0) {
      if (lane() == 0) partials[params.partial + group] = squares;
      return;
    }
  } else {
    if (group != 0) return;
    for (uint i = lane(); i < params.partials; i += workgroup_size) squares += partials[i];
    squares = vec2(workgroup_sum(squares.x), workgroup_sum(squares.y));
    if (!is_finite(squares.x)) {  // only all of them together are
      float units = 0.0;
      for (uint i = lane(); i < params.partials; i += workgroup_size) units += in_units(partials[i].x);
      squares = vec2(0.0, squares.y + workgroup_sum(units));
    }
  }
  if (lane() == 0) finish(squares);
}
