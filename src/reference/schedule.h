// Learning-rate schedules, in double: the definition that the shader is measured against, and what the host plots.
#pragma once

#include <span>

#include "lemnos/op.h"

namespace lemnos::reference {

/// By the numbers of shaders/schedule.h: the words that attribute `kind` takes.
std::span<const char* const> schedule_kinds();

/// The factor of the base learning rate at t, the number of steps or epochs that are finished. `table` holds
/// {unit from which, factor} by rows.
double schedule_factor(const Attrs& attrs, std::span<const double> table, double t);

void schedule(const Reference& c);

}  // namespace lemnos::reference
