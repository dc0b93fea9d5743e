// The ops of Adafactor, for the layer that puts the sums between them (src/optim).
#pragma once

#include "reference/adafactor.h"

namespace lemnos::ops {

/// variance, mean squares, state -> variance, in place.
const OpDef& adafactor_variance_op();
/// parameter, direction, scale f32[], state -> parameter, in place.
const OpDef& adafactor_update_op();

}  // namespace lemnos::ops
