// One float of StepState as a tensor, times a constant. One invocation.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "state_value.h"
#include "common/index.glsl"
#include "common/step_state.h"

layout(binding = 0) readonly buffer State { uint state[]; };
layout(binding = 1) writeonly buffer Y { float y[]; };

void main() {
  if (invocation_index() == 0) y[0] = params.scale * STATE_REAL(params.word);
}
