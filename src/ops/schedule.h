// The op that computes a learning-rate schedule on the device, for the layer that builds it (src/optim).
#pragma once

#include <span>

#include "lemnos/op.h"

namespace lemnos::ops {

/// Inputs: state, and for kind "piecewise" the table f32[n, 2] of {unit from which, factor}. Returns the new state.
const OpDef& schedule_op();

/// The reference's factor at t for attributes that may be incomplete.
double schedule_factor(const Attrs& attrs, std::span<const float> table, double t);

}  // namespace lemnos::ops
