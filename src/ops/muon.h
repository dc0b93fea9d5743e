// The ops of Muon, for the layer that puts the products between them (src/optim).
#pragma once

#include "reference/muon.h"

namespace lemnos::ops {

/// gradients, state, slot, places i32[n] -> x f32[n, rows, columns]: the momentum of n matrices after this step.
const OpDef& muon_direction_op();
/// parameters, gradients, state, slot, places, factors f32[n, 2], x -> parameters and slot, in place.
const OpDef& muon_update_op();

}  // namespace lemnos::ops
