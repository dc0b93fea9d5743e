// Learning-rate schedules, in double: the definition for the shader's tests, and for plots on the host.
#pragma once

#include <span>

#include "lemnos/op.h"

namespace lemnos {

struct ScheduleAttrs {
  std::string kind = "constant";
  bool by_epoch = false;
  double warm_up = 0;
  double warm_up_start = 0;
  double period = 1;
  double gamma = 1;
  double power = 1;
  double end = 0;
  double end2 = 0;
  double rise = 1;
  double fall = 0;
  bool linear = false;

  void visit(auto&& f) {
    f("kind", kind), f("by_epoch", by_epoch), f("warm_up", warm_up), f("warm_up_start", warm_up_start),
        f("period", period), f("gamma", gamma), f("power", power), f("end", end), f("end2", end2), f("rise", rise),
        f("fall", fall), f("linear", linear);
  }
};

}  // namespace lemnos

namespace lemnos::reference {

/// By the numbers of shaders/schedule.h: the words that attribute `kind` takes.
std::span<const char* const> schedule_kinds();

/// The factor of the base learning rate at t, the number of steps or epochs that are finished. `table` holds
/// {unit from which, factor} by rows.
double schedule_factor(const ScheduleAttrs& attrs, std::span<const double> table, double t);

void schedule(const Reference& c);

}  // namespace lemnos::reference
