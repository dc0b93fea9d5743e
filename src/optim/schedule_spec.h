// A schedule as the op that computes it: attributes and table.
#pragma once

#include <vector>

#include "lemnos/graph.h"
#include "lemnos/schedule.h"

namespace lemnos::optim {

struct ScheduleSpec {
  Attrs attrs;               // src/ops/schedule.cpp
  std::vector<float> table;  // rows of {unit from which, factor}; empty for shapes without one
};

ScheduleSpec spec_of(const Schedule& schedule);

}  // namespace lemnos::optim
