#include "reference/schedule.h"
#include "check/case.h"

LEMNOS_OP_CASES(schedule) {
  const ScheduleAttrs kinds[] = {
      {.kind = "constant"},
      {.kind = "step", .period = 30, .gamma = .1},
      {.kind = "step", .by_epoch = true, .period = 7, .gamma = .5},
      {.kind = "exponential", .gamma = .9},
      {.kind = "exponential", .gamma = .9999},
      {.kind = "inverse_time", .period = 10, .gamma = .5},
      {.kind = "polynomial", .period = 100, .power = 2, .end = .1},
      {.kind = "polynomial", .period = 100, .power = 1},
      {.kind = "cosine", .period = 100},
      {.kind = "cosine", .warm_up = 11, .period = 113, .end = .05},
      {.kind = "cosine_restarts", .period = 10},
      {.kind = "cosine_restarts", .period = 7, .power = 2, .end = .1},
      {.kind = "one_cycle", .period = 99, .end = .04, .end2 = 4e-6, .rise = 29},
      {.kind = "one_cycle", .period = 99, .end = .04, .end2 = 4e-6, .rise = 29, .fall = 29, .linear = true},
      {.kind = "one_cycle", .period = 99, .end = .04, .end2 = 4e-6, .rise = 29, .fall = 29},
      {.kind = "cyclic", .period = 12, .power = .5, .end = .05, .rise = 6},
      {.kind = "cyclic", .period = 29, .gamma = .999, .end = .1, .rise = 7},
      {.kind = "cosine_periodic", .period = 11, .end = .1},
      {.kind = "constant", .warm_up = 41, .warm_up_start = .1},
  };
  const int64_t steps[] = {1, 2, 7, 8, 11, 12, 29, 30, 31, 41, 61, 89, 99, 100, 101, 113, 1000, 1000000};
  const auto add = [&](int64_t step, const ScheduleAttrs& attrs, std::vector<Input> more, Tolerance tolerance) {
    std::vector<Input> inputs = {
        {.shape = {32}, .fill = integers(step, step), .dtype = DType::u32, .differentiable = false}};
    inputs.insert(inputs.end(), more.begin(), more.end());
    cases.add({.op = "schedule",
               .inputs = inputs,
               .attrs = attrs,
               .tolerance = tolerance,
               .backward = false,
               .degenerate = "every word of the state but one is the step"});
  };
  for (const ScheduleAttrs& attrs : kinds)
    for (const int64_t step : steps) {
      // Their f32 factor is 0 or denormal there, where a device may flush.
      if (step > 1000 && attrs.kind != "constant" && attrs.kind != "inverse_time") continue;
      add(step, attrs, {},
          custom(256, 0, "floats compared by their bits: 256 ulp is 1.5e-5 of an exp2 or a polynomial"));
    }
  // The table is filled with units 0, 2, 4, .. (and factors 1, 3, 5, ..): a staircase.
  for (const int64_t step : steps)
    add(step, {.kind = "piecewise"}, {{.shape = {11, 2}, .fill = ramp(0, 1), .differentiable = false}}, exact());
}
