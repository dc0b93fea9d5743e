// loss(p, t) and its derivative in p for every function of loss.h. `f` is a specialisation constant, so one branch
// survives.
#ifndef COMMON_LOSS
#define COMMON_LOSS

#include "common/stable.glsl"

const float kLog2 = 0.6931471805599453;

// |u| + log(1 + exp(-2|u|)) - log 2 cancels near zero, where the series is exact.
float log_cosh(float u) {
  const float s = u * u;
  if (s < 0.0625) return s * (0.5 - s * (0.083333333333 - s * (0.022222222222 - s * 0.0067460317460)));
  return abs(u) + stable_log1p(exact_exp(-2.0 * abs(u))) - kLog2;
}

// log(p) and log(1 - p), at least -100: a device's logarithm of 0 may be that of its smallest number.
// What is no probability has no logarithm.
float bounded_log(float p) {
  if (p == 0.0) return -100.0;
  return p > 0.0 ? kept_max(exact_log(p), -100.0) : not_a_number();
}
float bounded_log_rest(float p) {
  if (p == 1.0) return -100.0;
  return p < 1.0 ? kept_max(stable_log1p(-p), -100.0) : not_a_number();
}

float loss_value(uint f, float p, float t, float a, float b) {
  const float u = p - t;
  switch (f) {
    case LOSS_MSE: return u * u;
    case LOSS_L1: return abs(u);
    case LOSS_HUBER: return abs(u) <= a ? 0.5 * u * u : a * (abs(u) - 0.5 * a);
    case LOSS_SMOOTH_L1: return abs(u) <= a ? 0.5 * u * u / a : abs(u) - 0.5 * a;
    case LOSS_LOG_COSH: return log_cosh(u);
    case LOSS_BINARY_CROSS_ENTROPY:
      return -t * bounded_log(p) - (1.0 - t) * bounded_log_rest(p);
    case LOSS_BINARY_CROSS_ENTROPY_WITH_LOGITS:
      return (1.0 - t) * p + (1.0 + (a - 1.0) * t) * stable_softplus(-p);
    case LOSS_KL_DIVERGENCE: return t > 0.0 ? t * (exact_log(t) - p) : 0.0;
    case LOSS_HINGE: return kept_max(0.0, 1.0 - t * p);
    case LOSS_SQUARED_HINGE: {
      const float h = kept_max(0.0, 1.0 - t * p);
      return h * h;
    }
    case LOSS_POISSON_LOG: return exact_exp(p) - t * p;
    case LOSS_POISSON: return p - t * exact_log(p + 1e-8);
    case LOSS_FOCAL: {
      const float z = (2.0 * t - 1.0) * p;
      return (t * b + (1.0 - t) * (1.0 - b)) * exact_exp(-a * stable_softplus(z)) * stable_softplus(-z);
    }
  }
  return 0.0;
}

float loss_slope(uint f, float p, float t, float a, float b) {
  const float u = p - t;
  switch (f) {
    case LOSS_MSE: return 2.0 * u;
    case LOSS_L1: return kept_sign(u);
    case LOSS_HUBER: return kept_clamp(u, -a, a);
    case LOSS_SMOOTH_L1: return kept_clamp(u / a, -1.0, 1.0);
    case LOSS_LOG_COSH: return stable_tanh(u);
    case LOSS_BINARY_CROSS_ENTROPY: return u / kept_max(p * (1.0 - p), 1e-12);
    case LOSS_BINARY_CROSS_ENTROPY_WITH_LOGITS:
      return (1.0 - t) - (1.0 + (a - 1.0) * t) * stable_sigmoid(-p);
    case LOSS_KL_DIVERGENCE: return -t;
    case LOSS_HINGE: return t * p < 1.0 ? -t : 0.0;
    case LOSS_SQUARED_HINGE: return -2.0 * t * kept_max(0.0, 1.0 - t * p);
    case LOSS_POISSON_LOG: return exact_exp(p) - t;
    case LOSS_POISSON: return 1.0 - t / (p + 1e-8);
    case LOSS_FOCAL: {
      const float sign_of_target = 2.0 * t - 1.0;
      const float z = sign_of_target * p;
      const float weight = (t * b + (1.0 - t) * (1.0 - b)) * exact_exp(-a * stable_softplus(z));
      return -sign_of_target * weight * (a * stable_sigmoid(z) * stable_softplus(-z) + stable_sigmoid(-z));
    }
  }
  return 0.0;
}

#endif
