// Moves momentum and weights of matrices by what the products made of their directions, packed in x. One invocation per
// element.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "muon.h"
#include "common/index.glsl"
#include "common/step_state.h"

layout(binding = 0) readonly buffer State { uint state[]; };
layout(binding = 1) readonly buffer Gradients { float gradients[]; };
layout(binding = 2) buffer Slot { float slot[]; };
layout(binding = 3) readonly buffer Places { int places[]; };
layout(binding = 4) readonly buffer X { float x[]; };
layout(binding = 5) buffer Parameters { float parameters[]; };
layout(binding = 6) readonly buffer Factors { vec2 factors[]; };  // of lr and of weight decay, for each matrix
#include "common/muon.glsl"

void main() {
  const uint i = invocation_index();
  if (i >= params.count || STATE_UPDATE_IS_LEFT_OUT) return;
  const uint at = place_of(i);
  slot[at] = momentum_of(slot[at], gradient_at(at));
  const vec2 factor = factors[matrix_of(i)];
  const float lr = params.lr * STATE_REAL(STATE_SCHEDULE) * STATE_REAL(STATE_LR_FACTOR) * factor.x;
  parameters[at] = parameters[at] * (1.0 - lr * params.weight_decay * factor.y) - lr * params.scale * x[packed_place_of(i)];
}
