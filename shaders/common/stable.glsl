// Elementary functions that neither overflow nor cancel.
#ifndef COMMON_STABLE
#define COMMON_STABLE

#include "common/exponential.glsl"

// Drivers may make tanh of a large argument inf/inf; 1 - 2/(exp(2x)+1) saturates on both sides, and the series keeps
// the relative accuracy near zero.
float stable_tanh(float x) {
  float magnitude = abs(x);
  if (magnitude < 0.05) {
    float s = x * x;
    return x * (1.0 - s * (0.33333333333 - s * (0.13333333333 - s * 0.05396825397)));
  }
  return kept_sign(x) * (1.0 - 2.0 / (exact_exp(2.0 * kept_min(magnitude, 40.0)) + 1.0));
}

float stable_sigmoid(float x) {
  float e = exact_exp(-abs(x));
  return x >= 0.0 ? 1.0 / (1.0 + e) : e / (1.0 + e);
}

// log(1+x) for x > -1, accurate near zero (Kahan): the rounding of 1+x is divided out again.
float stable_log1p(float x) {
  float u = 1.0 + x;
  if (u == 1.0) return x;
  if (u > 3.0e38) return exact_log(x);
  return exact_log(u) * (x / (u - 1.0));
}

float stable_softplus(float x) { return kept_max(x, 0.0) + stable_log1p(exact_exp(-abs(x))); }

// exp(x)-1, accurate near zero by its series.
float stable_expm1(float x) {
  if (abs(x) < 0.2)
    return x * (1.0 + x * (0.5 + x * (0.16666666667 + x * (0.041666666667 + x * (0.0083333333333 +
               x * (0.0013888888889 + x * 0.0001984126984))))));
  return exact_exp(x) - 1.0;
}

#endif
