// A schedule as the op that computes it: attributes and table.
#pragma once

#include <vector>

#include "lemnos/schedule.h"
#include "ops/schedule.h"

namespace lemnos::optim {

struct ScheduleSpec {
  ScheduleAttrs attrs;
  std::vector<float> table;  // rows of {unit from which, factor}; empty for shapes without one
};

ScheduleSpec spec_of(const Schedule& schedule);

}  // namespace lemnos::optim
