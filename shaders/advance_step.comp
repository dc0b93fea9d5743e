// Closes a step: one invocation writes its metrics into the ring and advances StepState.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "advance_step.h"
#include "common/exponential.glsl"
#include "common/index.glsl"
#include "common/step_state.h"

layout(binding = 0) buffer State { uint state[]; };
layout(binding = 1) buffer Ring { float ring[]; };
layout(binding = 2) readonly buffer Loss { float loss[]; };
layout(binding = 3) readonly buffer Counts { float counts[]; };
layout(binding = 4) readonly buffer More { float more[]; };

const float kLog2OfDecay = -0.05889368905356856;  // log2(0.96)

void set_real(uint word, float v) { state[word] = floatBitsToUint(v); }

void write_metrics() {
  const uint row = (4 + params.more) * (state[STATE_STEP] % params.capacity);
  ring[row] = loss[0];
  ring[row + 1] = counts[0];
  ring[row + 2] = counts[1];
  ring[row + 3] = params.base_lr * STATE_REAL(STATE_SCHEDULE) * STATE_REAL(STATE_LR_FACTOR);
  for (uint i = 0; i < params.more; ++i) ring[row + 4 + i] = more[i];
}

void main() {
  if (invocation_index() != 0) return;
  if (record != 0) write_metrics();

  if (STATE_UPDATE_IS_LEFT_OUT) {
    state[STATE_SKIPPED] += 1;
  } else {
    const float update_number = float(state[STATE_STEP] - state[STATE_SKIPPED]);
    const float momentum = params.beta1 * (1.0 - 0.5 * exact_exp2(update_number * params.momentum_decay * kLog2OfDecay));
    if (params.momentum_decay != 0.0) set_real(STATE_MOMENTUM_PRODUCT, STATE_REAL(STATE_MOMENTUM_PRODUCT) * momentum);
    set_real(STATE_CORRECTION1, params.beta1 * STATE_REAL(STATE_CORRECTION1) + params.rest1);
    set_real(STATE_CORRECTION2, params.beta2 * STATE_REAL(STATE_CORRECTION2) + params.rest2);
  }

  const uint samples = state[STATE_SAMPLES_LOW] + params.batch;
  if (samples < params.batch) state[STATE_SAMPLES_HIGH] += 1;
  state[STATE_SAMPLES_LOW] = samples;
  const uint cursor = state[STATE_CURSOR] + 1;
  const bool epoch_ends =
      cursor >= (params.batches_per_epoch != 0 ? params.batches_per_epoch : state[STATE_BATCHES]);
  state[STATE_CURSOR] = epoch_ends ? 0 : cursor;
  if (epoch_ends) state[STATE_EPOCH] += 1;
  state[STATE_STEP] += 1;
}
