// The op that computes a learning-rate schedule on the device, for the layer that builds it (src/optim).
#pragma once

#include <span>

#include "reference/schedule.h"

namespace lemnos::ops {

/// Inputs: state, and for kind "piecewise" the table f32[n, 2] of {unit from which, factor}. Returns the new state.
const OpDef& schedule_op();

/// The reference's factor at t.
double schedule_factor(const ScheduleAttrs& attrs, std::span<const float> table, double t);

}  // namespace lemnos::ops
