// Who am I, in Muon's launches: an element of a matrix, and where it lies in the arenas. Needs the bindings state,
// gradients and places.
#ifndef COMMON_MUON
#define COMMON_MUON
#include "common/special.glsl"

uint matrix_of(uint i) { return params.first + i / params.size; }
uint place_of(uint i) { return (uint(places[matrix_of(i)]) - params.origin) * 64 + i % params.size; }
uint packed_place_of(uint i) { return params.first * params.size + i; }

float gradient_at(uint at) {
  const float g = STATE_REAL(STATE_CLIP_FACTOR) * gradients[at];
  return clipped != 0 ? kept_clamp(g, -params.clip_value, params.clip_value) : g;
}
float momentum_of(float old, float g) { return params.momentum * old + params.rest * g; }

#endif
