// Learning-rate schedules. t counts finished steps (or epochs) from 0; `period`, `gamma`, `power`, `end` as each kind
// says in lemnos/optim.h.
#include "reference/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include "shaders/common/step_state.h"

namespace lemnos::reference {

namespace {

constexpr const char* kKinds[] = {"constant",   "step",   "exponential",     "inverse_time",
                                  "polynomial", "cosine", "cosine_restarts", "one_cycle",
                                  "piecewise",  "cyclic", "cosine_periodic"};

double cosine_between(double from, double to, double x) {
  return to + (from - to) * (1 + std::cos(std::numbers::pi * std::clamp(x, 0.0, 1.0))) / 2;
}

double one_cycle(const ScheduleAttrs& a, double t) {
  const auto between = [&](double from, double to, double x) {
    return a.linear ? from + (to - from) * std::clamp(x, 0.0, 1.0) : cosine_between(from, to, x);
  };
  const double top = a.rise + a.fall;
  if (t <= a.rise) return between(a.end, 1, t / a.rise);
  if (t <= top) return between(1, a.end, (t - a.rise) / a.fall);
  return between(a.fall > 0 ? a.end : 1, a.end2, (t - top) / (a.period - top));
}

double cyclic(const ScheduleAttrs& a, double t) {
  const double cycle = std::floor(t / a.period), x = t - cycle * a.period;
  const double height = x <= a.rise ? x / a.rise : (a.period - x) / (a.period - a.rise);
  return a.end + (1 - a.end) * height * std::pow(a.power, cycle) * std::pow(a.gamma, t);
}

double after_warm_up(const ScheduleAttrs& a, std::span<const double> table, double t) {
  const std::string& kind = a.kind;
  const double period = a.period, gamma = a.gamma, power = a.power, end = a.end;
  if (kind == "step") return std::pow(gamma, std::floor(t / period));
  if (kind == "exponential") return std::pow(gamma, t);
  if (kind == "inverse_time") return 1 / (1 + gamma * t / period);
  if (kind == "polynomial") return end + (1 - end) * std::pow(1 - std::min(t / period, 1.0), power);
  if (kind == "cosine") return cosine_between(1, end, t / period);
  if (kind == "cosine_restarts") {
    double length = period;
    if (power == 1) t = std::fmod(t, period);
    for (; t >= length; length *= power) t -= length;
    return cosine_between(1, end, t / length);
  }
  if (kind == "cosine_periodic") {
    const double x = std::fmod(t / period, 2);
    return cosine_between(1, end, x <= 1 ? x : 2 - x);
  }
  if (kind == "one_cycle") return one_cycle(a, t);
  if (kind == "cyclic") return cyclic(a, t);
  double factor = 1;
  for (size_t i = 0; i + 1 < table.size(); i += 2)
    if (t >= table[i]) factor = table[i + 1];
  return factor;
}

}  // namespace

std::span<const char* const> schedule_kinds() { return kKinds; }

double schedule_factor(const ScheduleAttrs& a, std::span<const double> table, double t) {
  const double warm_up = a.warm_up, start = a.warm_up_start;
  if (t < warm_up) return after_warm_up(a, table, 0) * (start + (1 - start) * t / warm_up);
  return after_warm_up(a, table, t - warm_up);
}

void schedule(const Reference& c) {
  const StepStateView<double> state{c.out[0]};
  const uint32_t t = c.attrs<ScheduleAttrs>().by_epoch ? state.get(STATE_EPOCH) : state.get(STATE_STEP) - 1;
  const auto table = c.in.size() == 2 ? c.in[1] : std::span<const double>();
  state.set_real(STATE_SCHEDULE, static_cast<float>(schedule_factor(c.attrs<ScheduleAttrs>(), table, t)));
}

}  // namespace lemnos::reference
