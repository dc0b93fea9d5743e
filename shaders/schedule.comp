// The factor that a schedule gives the base learning rate in the running step, into StepState. One invocation.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "schedule.h"
#include "common/exponential.glsl"
#include "common/index.glsl"
#include "common/step_state.h"

layout(binding = 0) buffer State { uint state[]; };
layout(binding = 1) readonly buffer Table { vec2 table[]; };  // {unit from which, factor}

// (1 + cos(pi x)) / 2 = sin(pi (1 - x) / 2)^2 for x in [0, 1], accurate where it ends in 0. By a polynomial: a device's
// own sine may be off by 2^-11.
float half_cosine(float x) {
  const float y = 1.5707963267948966 * (1.0 - x);
  const float s = y * y;
  const float sine = y * (1.0 - s * (0.16666666667 - s * (0.0083333333333 - s * (1.9841269841e-4 -
                     s * (2.7557319224e-6 - s * 2.5052108385e-8)))));
  return sine * sine;
}
float cosine_between(float from, float to, float x) { return to + (from - to) * half_cosine(clamp(x, 0.0, 1.0)); }

float cosine_restarts(float t) {
  float length_now = params.period;
  if (params.power == 1.0) t -= floor(t / length_now) * length_now;
  while (t >= length_now) {
    t -= length_now;
    length_now *= params.power;
  }
  return cosine_between(1.0, params.end, t / length_now);
}

float one_cycle_between(float from, float to, float x) {
  return linear != 0 ? to + (from - to) * (1.0 - clamp(x, 0.0, 1.0)) : cosine_between(from, to, x);
}

float one_cycle(float t) {
  const float top = params.rise + params.fall;
  if (t <= params.rise) return one_cycle_between(params.end, 1.0, t / params.rise);
  if (t <= top) return one_cycle_between(1.0, params.end, (t - params.rise) / params.fall);
  return one_cycle_between(params.fall > 0.0 ? params.end : 1.0, params.end2, (t - top) / (params.period - top));
}

// Which cycle t is in. Half a unit keeps a quotient that is a whole number, but for rounding, from falling below it.
float cycle_of(float t, float period) { return floor((t + 0.5) / period); }

float cyclic(float t) {
  const float cycle = cycle_of(t, params.period), x = t - cycle * params.period;
  const float height = x <= params.rise ? x / params.rise : (params.period - x) / (params.period - params.rise);
  return params.end + (1.0 - params.end) * height * exact_exp2(cycle * params.log2_power + t * params.log2_gamma);
}

float cosine_periodic(float t) {
  const float x = t - cycle_of(t, 2.0 * params.period) * 2.0 * params.period;
  return cosine_between(1.0, params.end, (x <= params.period ? x : 2.0 * params.period - x) / params.period);
}

float power_of(float rest) {
  if (rest <= 0.0) return params.power > 0.0 ? 0.0 : 1.0;
  return exact_exp2(params.power * exact_log2(rest));
}

float factor_at(float t) {
  switch (kind) {
    case SCHEDULE_STEP: return exact_exp2(params.log2_gamma * cycle_of(t, params.period));
    case SCHEDULE_EXPONENTIAL: return exact_exp2(params.log2_gamma * t);
    case SCHEDULE_INVERSE_TIME: return 1.0 / (1.0 + params.gamma * t / params.period);
    case SCHEDULE_POLYNOMIAL:
      return params.end + (1.0 - params.end) * power_of(1.0 - min(t / params.period, 1.0));
    case SCHEDULE_COSINE: return cosine_between(1.0, params.end, t / params.period);
    case SCHEDULE_COSINE_RESTARTS: return cosine_restarts(t);
    case SCHEDULE_ONE_CYCLE: return one_cycle(t);
    case SCHEDULE_CYCLIC: return cyclic(t);
    case SCHEDULE_COSINE_PERIODIC: return cosine_periodic(t);
    case SCHEDULE_PIECEWISE: {
      float factor = 1.0;
      for (uint i = 0; i < params.rows; ++i)
        if (t >= table[i].x) factor = table[i].y;
      return factor;
    }
  }
  return 1.0;
}

void main() {
  if (invocation_index() != 0) return;
  const float t = float(by_epoch != 0 ? state[STATE_EPOCH] : state[STATE_STEP] - 1);
  float factor;
  if (t < params.warm_up)
    factor = factor_at(0.0) * (params.warm_up_start + (1.0 - params.warm_up_start) * t / params.warm_up);
  else
    factor = factor_at(t - params.warm_up);
  state[STATE_SCHEDULE] = floatBitsToUint(factor);
}
