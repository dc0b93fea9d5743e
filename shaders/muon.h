// What muon_direction.comp and muon_update.comp share: matrices of one shape, which lie in the flat arenas at blocks of
// 64 elements.
#include "common/shared.h"

PARAMS_BEGIN(Muon)
  uint size;    // elements of a matrix
  uint count;   // of all matrices of this launch
  uint first;   // the number of the first of them
  uint origin;  // the block at which the arenas' bindings begin
  float lr;     // base rate: the state's factors multiply it
  float scale;  // of the update, by the shape
  float weight_decay;
  float clip_value;
  float momentum;
  float rest;  // 1 - momentum, rounded once
PARAMS_END

SPEC_BEGIN(Muon, 64)
SPEC(1, uint, nesterov, 0)
SPEC(2, uint, clipped, 0)  // clamp each element of the gradient to +-clip_value
SPEC_END
