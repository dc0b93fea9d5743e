// Schedules: options to the attributes of the op that computes them on the device.
#include "lemnos/schedule.h"

#include "base/text.h"
#include "optim/schedule_spec.h"

namespace lemnos::optim {

namespace {

void require_positive_schedule(const char* who, const char* option, double value) {
  require(value > 0, ErrorCode::invalid_argument, "schedule: ", who, ": ", option, ' ', value, " is not above 0");
}
void require_rate_fraction(const char* who, const char* option, double value) {
  require(value >= 0 && value <= 1, ErrorCode::invalid_argument, "schedule: ", who, ": ", option, ' ', value,
          " is outside [0, 1]");
}

ScheduleSpec spec_schedule(const Constant&) { return {{.kind = "constant"}, {}}; }

ScheduleSpec spec_schedule(const StepDecay& o) {
  require_positive_schedule("step", "period", static_cast<double>(o.period));
  require_positive_schedule("step", "gamma", o.gamma);
  return {{.kind = "step", .period = static_cast<double>(o.period), .gamma = o.gamma}, {}};
}

ScheduleSpec spec_schedule(const Piecewise& o) {
  ScheduleSpec made{{.kind = "piecewise"}, {}};
  int64_t last = -1;
  for (const auto& [unit, factor] : o.factors) {
    require(unit > last, ErrorCode::invalid_argument, "schedule: piecewise: ", unit, " does not come after ", last);
    require(factor >= 0, ErrorCode::invalid_argument, "schedule: piecewise: factor ", factor, " is below 0");
    last = unit;
    made.table.insert(made.table.end(), {static_cast<float>(unit), factor});
  }
  require(!made.table.empty(), ErrorCode::invalid_argument, "schedule: piecewise: no factors");
  return made;
}

ScheduleSpec spec_schedule(const MultiStep& o) {
  require_positive_schedule("multi_step", "gamma", o.gamma);
  Piecewise steps;
  double factor = 1;
  for (int64_t milestone : o.milestones) steps.factors.emplace_back(milestone, static_cast<float>(factor *= o.gamma));
  return spec_schedule(steps);
}

ScheduleSpec spec_schedule(const Exponential& o) {
  require_positive_schedule("exponential", "gamma", o.gamma);
  return {{.kind = "exponential", .gamma = o.gamma}, {}};
}

ScheduleSpec spec_schedule(const InverseTime& o) {
  require_positive_schedule("inverse_time", "period", static_cast<double>(o.period));
  require_positive_schedule("inverse_time", "rate", o.rate);
  return {{.kind = "inverse_time", .period = static_cast<double>(o.period), .gamma = o.rate}, {}};
}

ScheduleSpec spec_schedule(const Polynomial& o) {
  require_positive_schedule("polynomial", "period", static_cast<double>(o.period));
  require_positive_schedule("polynomial", "power", o.power);
  require_rate_fraction("polynomial", "end", o.end);
  return {{.kind = "polynomial", .period = static_cast<double>(o.period), .power = o.power, .end = o.end}, {}};
}

ScheduleSpec spec_schedule(const Cosine& o) {
  require_positive_schedule("cosine", "period", static_cast<double>(o.period));
  require_rate_fraction("cosine", "end", o.end);
  const char* kind = o.periodic ? "cosine_periodic" : "cosine";
  return {{.kind = kind, .period = static_cast<double>(o.period), .end = o.end}, {}};
}

ScheduleSpec spec_schedule(const CosineRestarts& o) {
  require_positive_schedule("cosine_restarts", "period", static_cast<double>(o.period));
  require(o.longer >= 1, ErrorCode::invalid_argument, "schedule: cosine_restarts: longer ", o.longer, " is below 1");
  require_rate_fraction("cosine_restarts", "end", o.end);
  return {{.kind = "cosine_restarts", .period = static_cast<double>(o.period), .power = o.longer, .end = o.end}, {}};
}

ScheduleSpec spec_schedule(const OneCycle& o) {
  require(o.period >= 3, ErrorCode::invalid_argument, "schedule: one_cycle: period ", o.period, " is below 3");
  const double period = static_cast<double>(o.period), rise = o.rise * period - 1;
  const double top = o.three_phases ? 2 * rise : rise;  // where the last fall begins
  require(rise > 0 && top < period - 1, ErrorCode::invalid_argument, "schedule: one_cycle: rise ", o.rise,
          " leaves no units to rise or to fall in ", o.period, o.three_phases ? " with three phases" : "");
  require_positive_schedule("one_cycle", "start_divisor", o.start_divisor);
  require_positive_schedule("one_cycle", "end_divisor", o.end_divisor);
  const double start = 1 / static_cast<double>(o.start_divisor);
  return {{.kind = "one_cycle",
           .period = period - 1,
           .end = start,
           .end2 = start / static_cast<double>(o.end_divisor),
           .rise = rise,
           .fall = top - rise,
           .linear = o.linear},
          {}};
}

ScheduleSpec spec_schedule(const Cyclic& o) {
  const double rise = static_cast<double>(o.rise), fall = static_cast<double>(o.fall);
  require_positive_schedule("cyclic", "rise", rise);
  require(o.fall >= 0, ErrorCode::invalid_argument, "schedule: cyclic: fall ", o.fall, " is below 0");
  require_rate_fraction("cyclic", "low", o.low);
  require_positive_schedule("cyclic", "shrink", o.shrink);
  require_positive_schedule("cyclic", "gamma", o.gamma);
  return {{.kind = "cyclic",
           .period = rise + (o.fall > 0 ? fall : rise),
           .gamma = o.gamma,
           .power = o.shrink,
           .end = o.low,
           .rise = rise},
          {}};
}

}  // namespace

ScheduleSpec spec_of(const Schedule& schedule) {
  ScheduleSpec made = std::visit([](const auto& shape) { return spec_schedule(shape); }, schedule.shape);
  require(schedule.warm_up >= 0, ErrorCode::invalid_argument, "schedule: warm_up ", schedule.warm_up, " is below 0");
  require_rate_fraction("warm-up", "warm_up_start", schedule.warm_up_start);
  made.attrs.by_epoch = schedule.by_epoch;
  made.attrs.warm_up = static_cast<double>(schedule.warm_up);
  made.attrs.warm_up_start = schedule.warm_up_start;
  return made;
}

double factor_at(const Schedule& schedule, int64_t t) {
  const ScheduleSpec spec = spec_of(schedule);
  return ops::schedule_factor(spec.attrs, spec.table, static_cast<double>(t));
}

}  // namespace lemnos::optim
