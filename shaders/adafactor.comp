// Adafactor beside its sums: moves a variance, or a parameter, in place. One invocation per element.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "adafactor.h"
#include "common/index.glsl"
#include "common/unary_functions.h"
#include "common/elementary.glsl"
#include "common/step_state.h"

layout(binding = 0) readonly buffer State { uint state[]; };
layout(binding = 1) readonly buffer X { float x[]; };          // mean squares; or the direction
layout(binding = 2) readonly buffer Scale { float scale_of[]; };  // update: of the direction, one number
layout(binding = 3) buffer Y { float y[]; };                   // variance; or parameter

void main() {
  const uint i = invocation_index();
  if (i >= params.count || STATE_UPDATE_IS_LEFT_OUT) return;
  const float t = float(state[STATE_STEP] - state[STATE_SKIPPED]);
  if (phase == ADAFACTOR_VARIANCE) {
    y[i] += positive_power(t, params.exponent) * (x[i] - y[i]);
    return;
  }
  const float lr = params.lr * STATE_REAL(STATE_SCHEDULE) * STATE_REAL(STATE_LR_FACTOR);
  const float rate = params.lr_scale * min(lr, 1.0 / sqrt(t));
  y[i] = y[i] * (1.0 - params.lr_scale * lr * params.weight_decay) - rate * scale_of[0] * x[i];
}
