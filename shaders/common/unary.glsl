// y = f(x) and f'(s) for every function of unary.h, where s is y for the functions whose derivative is simplest in y
// (sigmoid, tanh, relu, exp, sqrt, ...) and x for the rest. `f` is a specialisation constant, so one branch survives.
#ifndef COMMON_UNARY
#define COMMON_UNARY

#include "common/stable.glsl"

const float kSeluAlpha = 1.6732632423543772;
const float kSeluScale = 1.0507009873554805;

// erf by Abramowitz and Stegun 7.1.26 would give 1.5e-7 absolute; GELU needs relative accuracy in the tail as well, so:
// a Maclaurin series for small arguments, and W. J. Cody's form exp(-x^2) * rational for the rest.
float erfc_scaled(float x) {  // exp(x^2) erfc(x) for x >= 0 (continued-fraction fit, Numerical Recipes' erfcc nodes)
  float t = 1.0 / (1.0 + 0.5 * x);
  return t * exact_exp(-1.26551223 + t * (1.00002368 + t * (0.37409196 + t * (0.09678418 + t * (-0.18628806 +
         t * (0.27886807 + t * (-1.13520398 + t * (1.48851587 + t * (-0.82215223 + t * 0.17087277)))))))));
}
float erf_value(float x) {
  float m = abs(x);
  if (m < 0.9) {
    float s = x * x;
    return 1.1283791671 * x * (1.0 - s * (0.33333333333 - s * (0.1 - s * (0.023809523810 - s * (0.0046296296296 -
           s * (0.00075757575758 - s * (0.00010683760684 - s * (1.3227513228e-5 - s * 1.4589169001e-6))))))));
  }
  return kept_sign(x) * (1.0 - exact_exp(-m * m) * erfc_scaled(m));
}
float normal_cdf(float x) {
  if (x < -1.2) return 0.5 * exact_exp(-0.5 * x * x) * erfc_scaled(-x * 0.70710678118654752);
  return 0.5 + 0.5 * erf_value(x * 0.70710678118654752);
}
const float kSqrt2OverPi = 0.7978845608028654;

float unary_value(uint f, float x, float a, float b) {
  switch (f) {
    case UNARY_RELU: return x > 0.0 ? x : (x == x ? 0.0 : x);
    case UNARY_LEAKY_RELU: return x > 0.0 ? x : a * x;
    case UNARY_ELU: return x > 0.0 ? x : a * stable_expm1(x);
    case UNARY_SELU: return kSeluScale * (x > 0.0 ? x : kSeluAlpha * stable_expm1(x));
    case UNARY_CELU: return x > 0.0 ? x : a * stable_expm1(x / a);
    case UNARY_GELU: return x * normal_cdf(x);
    case UNARY_GELU_TANH: return x * stable_sigmoid(2.0 * kSqrt2OverPi * (x + 0.044715 * x * x * x));
    case UNARY_SILU: return x * stable_sigmoid(x);
    case UNARY_MISH: return x * stable_tanh(stable_softplus(x));
    case UNARY_SIGMOID: return stable_sigmoid(x);
    case UNARY_HARD_SIGMOID: return kept_clamp((x + 3.0) / 6.0, 0.0, 1.0);
    case UNARY_TANH: return stable_tanh(x);
    case UNARY_SOFTPLUS: return stable_softplus(a * x) / a;
    case UNARY_SOFTSIGN: return x / (1.0 + abs(x));
    case UNARY_NEGATE: return -x;
    case UNARY_ABS: return abs(x);
    case UNARY_SQUARE: return x * x;
    case UNARY_SQRT: return sqrt(x);
    case UNARY_RSQRT: return 1.0 / sqrt(x);
    case UNARY_EXP: return exact_exp(x);
    case UNARY_LOG: return exact_log(x);
    case UNARY_CLAMP: return kept_clamp(x, a, b);
    case UNARY_RECIPROCAL: return 1.0 / x;
    case UNARY_AFFINE: return a * x + b;
    case UNARY_LOG1P: return stable_log1p(x);
    case UNARY_HARD_SWISH: return x * kept_clamp((x + 3.0) / 6.0, 0.0, 1.0);
  }
  return x;
}

float unary_slope(uint f, float s, float a, float b) {
  switch (f) {
    case UNARY_RELU: return s > 0.0 ? 1.0 : 0.0;
    case UNARY_LEAKY_RELU: return s > 0.0 ? 1.0 : a;
    case UNARY_ELU: return s > 0.0 ? 1.0 : a * exact_exp(s);
    case UNARY_SELU: return kSeluScale * (s > 0.0 ? 1.0 : kSeluAlpha * exact_exp(s));
    case UNARY_CELU: return s > 0.0 ? 1.0 : exact_exp(s / a);
    case UNARY_GELU: return normal_cdf(s) + s * 0.3989422804014327 * exact_exp(-0.5 * s * s);
    case UNARY_GELU_TANH: {
      float g = stable_sigmoid(2.0 * kSqrt2OverPi * (s + 0.044715 * s * s * s));
      if (abs(s) > 1e3) return g;  // where s^2 may be past the type, the rest is 0
      return g + s * g * (1.0 - g) * 2.0 * kSqrt2OverPi * (1.0 + 0.134145 * s * s);
    }
    case UNARY_SILU: {
      float g = stable_sigmoid(s);
      return g * (1.0 + s * (1.0 - g));
    }
    case UNARY_MISH: {
      float t = stable_tanh(stable_softplus(s));
      return t + s * (1.0 - t * t) * stable_sigmoid(s);
    }
    case UNARY_SIGMOID: return s * (1.0 - s);
    case UNARY_HARD_SIGMOID: return abs(s) < 3.0 ? 1.0 / 6.0 : 0.0;
    case UNARY_TANH: return (1.0 - s) * (1.0 + s);
    case UNARY_SOFTPLUS: return stable_sigmoid(a * s);
    case UNARY_SOFTSIGN: {
      float d = 1.0 + abs(s);
      return 1.0 / (d * d);
    }
    case UNARY_NEGATE: return -1.0;
    case UNARY_ABS: return kept_sign(s);
    case UNARY_SQUARE: return 2.0 * s;
    case UNARY_SQRT: return 0.5 / s;
    case UNARY_RSQRT: return -0.5 * s * s * s;
    case UNARY_EXP: return s;
    case UNARY_LOG: return 1.0 / s;
    case UNARY_CLAMP: return s >= a && s <= b ? 1.0 : 0.0;
    case UNARY_RECIPROCAL: return -s * s;
    case UNARY_AFFINE: return a;
    case UNARY_LOG1P: return 1.0 / (1.0 + s);
    case UNARY_HARD_SWISH: return s <= -3.0 ? 0.0 : (s >= 3.0 ? 1.0 : (2.0 * s + 3.0) / 6.0);
  }
  return 1.0;
}

#endif
