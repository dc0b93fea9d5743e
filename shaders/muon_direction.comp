// The momentum that matrices would have after this step, or Nesterov's look ahead of it, packed one after the other in
// x; zeros in a step that is left out. One invocation per element.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "muon.h"
#include "common/index.glsl"
#include "common/step_state.h"

layout(binding = 0) readonly buffer State { uint state[]; };
layout(binding = 1) readonly buffer Gradients { float gradients[]; };
layout(binding = 2) readonly buffer Slot { float slot[]; };
layout(binding = 3) readonly buffer Places { int places[]; };  // the first block of each matrix
layout(binding = 4) writeonly buffer X { float x[]; };
#include "common/muon.glsl"

void main() {
  const uint i = invocation_index();
  if (i >= params.count) return;
  float direction = 0.0;
  if (!STATE_UPDATE_IS_LEFT_OUT) {
    const uint at = place_of(i);
    const float g = gradient_at(at), moved = momentum_of(slot[at], g);
    direction = nesterov != 0 ? momentum_of(moved, g) : moved;
  }
  x[packed_place_of(i)] = direction;
}
