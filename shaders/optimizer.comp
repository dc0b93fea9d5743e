// One optimizer step over the flat arenas of the whole model. One invocation per four consecutive elements; the learning
// rate and everything that changes from step to step comes from StepState.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "optimizer.h"
#include "common/index.glsl"
#include "common/exponential.glsl"
#include "common/step_state.h"

layout(binding = 0) readonly buffer State { uint state[]; };
layout(binding = 1) buffer Parameters { vec4 parameters[]; };
layout(binding = 2) readonly buffer Gradients { vec4 gradients[]; };
layout(binding = 3) buffer Slot0 { vec4 slot0[]; };
layout(binding = 4) buffer Slot1 { vec4 slot1[]; };
layout(binding = 5) buffer Slot2 { vec4 slot2[]; };
layout(binding = 6) readonly buffer Groups { vec2 groups[]; };  // {factor of lr, of weight decay} per 64 elements

const float kLog2OfDecay = -0.05889368905356856;  // log2(0.96)

float update_number() { return float(state[STATE_STEP] - state[STATE_SKIPPED]); }  // from 1
float correction1() { return params.beta1 * STATE_REAL(STATE_CORRECTION1) + params.rest1; }
float correction2() { return params.beta2 * STATE_REAL(STATE_CORRECTION2) + params.rest2; }

// What is subtracted from p, for each optimizer: g the gradient, i the quad, lr the effective learning rate.
vec4 sgd(uint i, vec4 g, float lr) {
  if (slots == 0) return lr * g;
  const vec4 buf = update_number() == 1.0 ? g : params.momentum * slot0[i] + params.undamped * g;
  slot0[i] = buf;
  return lr * (nesterov != 0 ? g + params.momentum * buf : buf);
}

vec4 adagrad(uint i, vec4 g, float lr) {
  const vec4 sum = slot0[i] + g * g;
  slot0[i] = sum;
  return lr / (1.0 + (update_number() - 1.0) * params.lr_decay) * g / (sqrt(sum) + params.eps);
}

vec4 adadelta(uint i, vec4 g, float lr) {
  const vec4 square = params.beta2 * slot0[i] + params.rest2 * g * g;
  const vec4 old = slot1[i];
  const vec4 delta = sqrt(old + params.eps) / sqrt(square + params.eps) * g;
  slot0[i] = square;
  slot1[i] = params.beta2 * old + params.rest2 * delta * delta;
  return lr * delta;
}

// Slots: v; then, where there are three, the momentum buffer and the mean gradient.
vec4 rmsprop(uint i, vec4 g, float lr) {
  const vec4 square = params.beta2 * slot0[i] + params.rest2 * g * g;
  slot0[i] = square;
  vec4 variance = square;
  if (slots == 3 && centered != 0) {
    const vec4 average = params.beta2 * slot2[i] + params.rest2 * g;
    slot2[i] = average;
    variance = kept_max(square - average * average, vec4(0.0));
  }
  const vec4 direction = g / (sqrt(variance) + params.eps);
  if (slots != 3) return lr * direction;
  const vec4 buf = params.momentum * slot1[i] + direction;
  slot1[i] = buf;
  return lr * buf;
}

vec4 first_moment(uint i, vec4 g) {
  const vec4 m = params.beta1 * slot0[i] + params.rest1 * g;
  slot0[i] = m;
  return m;
}
vec4 second_moment(uint i, vec4 g) {
  const vec4 v = params.beta2 * slot1[i] + params.rest2 * g * g;
  slot1[i] = v;
  return v;
}

vec4 adam(uint i, vec4 g, float lr) {
  const vec4 m = first_moment(i, g);
  vec4 v = second_moment(i, g);
  if (slots == 3) {
    v = kept_max(v, slot2[i]);
    slot2[i] = v;
  }
  return lr / correction1() * m / (sqrt(v) / sqrt(correction2()) + params.eps);
}

float nadam_momentum(float t) {
  return params.beta1 * (1.0 - 0.5 * exact_exp2(t * params.momentum_decay * kLog2OfDecay));
}
vec4 nadam(uint i, vec4 g, float lr) {
  const vec4 m = first_moment(i, g);
  const vec4 v = second_moment(i, g);
  const float now = nadam_momentum(update_number());
  const float next = nadam_momentum(update_number() + 1.0);
  const float product = STATE_REAL(STATE_MOMENTUM_PRODUCT) * now;
  const vec4 scaled = lr / (sqrt(v) / sqrt(correction2()) + params.eps);
  return scaled * ((1.0 - now) / (1.0 - product) * g + next / (1.0 - product * next) * m);
}

vec4 adamax(uint i, vec4 g, float lr) {
  const vec4 m = first_moment(i, g);
  const vec4 u = kept_max(params.beta2 * slot1[i], abs(g) + params.eps);
  slot1[i] = u;
  return lr / correction1() * m / u;
}

vec4 radam(uint i, vec4 g, float lr) {
  const vec4 m = first_moment(i, g);
  const vec4 v = second_moment(i, g);
  const float c2 = correction2();
  const float longest = 2.0 / params.rest2 - 1.0;
  const float length_now = longest - 2.0 * update_number() * (1.0 - c2) / c2;
  const vec4 plain = lr / correction1() * m;
  if (length_now <= 5.0) return plain;
  const float rectifier = sqrt((length_now - 4.0) / (longest - 4.0) * ((length_now - 2.0) / (longest - 2.0)) *
                               (longest / length_now));
  return plain * rectifier * sqrt(c2) / (sqrt(v) + params.eps);
}

vec4 lion(uint i, vec4 g, float lr) {
  const vec4 m = slot0[i];
  slot0[i] = params.beta2 * m + params.rest2 * g;
  return lr * kept_sign(params.beta1 * m + params.rest1 * g);
}

// Slot: the average, which follows p until the update `start`, and is its mean from then on.
vec4 asgd(uint i, vec4 p, vec4 g, float lr) {
  const float before = update_number() - 1.0;
  const float eta = lr / exact_exp2(params.power * exact_log2(1.0 + params.lambda * lr * before));
  const vec4 delta = eta * (params.lambda * p + g);
  const float mu = 1.0 / max(1.0, before - params.start);
  const vec4 average = slot0[i];
  slot0[i] = mu == 1.0 ? p - delta : average + mu * (p - delta - average);
  return delta;
}

// Slots: the length of a step, in units of lr; the gradient before.
float rprop_factor(float g, float before) {
  const float same = kept_sign(g) * kept_sign(before);  // by signs: a product of small gradients may be 0
  return same > 0.0 ? params.grow : (same < 0.0 ? params.shrink : (is_nan(same) ? same : 1.0));
}
vec4 rprop(uint i, vec4 g, float lr) {
  const vec4 before = slot1[i];
  const vec4 factor = vec4(rprop_factor(g.x, before.x), rprop_factor(g.y, before.y), rprop_factor(g.z, before.z),
                           rprop_factor(g.w, before.w));
  const vec4 size = kept_clamp(slot0[i] * factor, params.least, params.most);
  // After a change of the sign there is no step, and the next one is not compared.
  const vec4 kept = mix(g, vec4(0.0), equal(factor, vec4(params.shrink)));
  slot0[i] = size;
  slot1[i] = kept;
  return lr * size * kept_sign(kept);
}

vec4 difference(uint i, vec4 p, vec4 g, float lr) {
  switch (function) {
    case OPTIMIZER_ADAGRAD: return adagrad(i, g, lr);
    case OPTIMIZER_ADADELTA: return adadelta(i, g, lr);
    case OPTIMIZER_RMSPROP: return rmsprop(i, g, lr);
    case OPTIMIZER_ADAM: return adam(i, g, lr);
    case OPTIMIZER_NADAM: return nadam(i, g, lr);
    case OPTIMIZER_ADAMAX: return adamax(i, g, lr);
    case OPTIMIZER_RADAM: return radam(i, g, lr);
    case OPTIMIZER_LION: return lion(i, g, lr);
    case OPTIMIZER_ASGD: return asgd(i, p, g, lr);
    case OPTIMIZER_RPROP: return rprop(i, g, lr);
  }
  return sgd(i, g, lr);
}

void main() {
  const uint i = invocation_index();
  if (i >= params.quads) return;
  if (STATE_UPDATE_IS_LEFT_OUT) return;
  vec4 p = parameters[i];
  if (function == OPTIMIZER_AVERAGE) {
    const vec4 now = gradients[i];  // the trained parameters; the average begins as they are after the first update
    parameters[i] = update_number() == 1.0 ? now : params.beta1 * p + params.rest1 * now;
    return;
  }
  vec4 g = STATE_REAL(STATE_CLIP_FACTOR) * gradients[i];
  if (clipped != 0) g = kept_clamp(g, -params.clip_value, params.clip_value);
  float lr = params.lr * STATE_REAL(STATE_SCHEDULE) * STATE_REAL(STATE_LR_FACTOR);
  float decay = params.weight_decay;
  if (grouped != 0) {
    const vec2 factors = groups[i / 16];
    if (factors.x == 0.0) return;  // frozen, its slots too
    lr *= factors.x;
    decay *= factors.y;
  }
  if (decoupled != 0)
    p *= 1.0 - lr * decay;
  else
    g += decay * p;
  parameters[i] = p - difference(i, p, g, lr);
}
