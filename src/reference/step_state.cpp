// The end of a step: metrics into the ring, then StepState advances.
#include "reference/step_state.h"

#include "shaders/common/step_state.h"

#include <algorithm>
#include <cmath>
#include <span>

namespace lemnos::reference {

void advance_step(const Reference& c) {
  const StepStateView<double> state{c.out[0]};
  const auto a = c.attrs<AdvanceStepAttrs>();
  if (c.in.size() >= 4) {
    const auto ring = c.out[1];
    const std::span<const double> more = c.in.size() == 5 ? c.in[4] : std::span<const double>{};
    const size_t row = (4 + more.size()) * (state.get(STATE_STEP) % static_cast<size_t>(c.in_shape(1)[0]));
    ring[row] = c.in[2][0];
    ring[row + 1] = c.in[3][0];
    ring[row + 2] = c.in[3][1];
    ring[row + 3] = a.base_lr * state.real(STATE_SCHEDULE) * state.real(STATE_LR_FACTOR);
    std::ranges::copy(more, ring.begin() + static_cast<std::ptrdiff_t>(row + 4));
  }

  if (state.real(STATE_CLIP_FACTOR) == 0) {
    state.set(STATE_SKIPPED, state.get(STATE_SKIPPED) + 1);
  } else {
    // The state is f32 on every backend, so each word is rounded as it is there.
    const uint32_t update_number = state.get(STATE_STEP) - state.get(STATE_SKIPPED);
    const double decay = a.momentum_decay;
    const double momentum = a.beta1 * (1 - 0.5 * std::pow(0.96, update_number * decay));
    if (decay != 0)
      state.set_real(STATE_MOMENTUM_PRODUCT, static_cast<float>(state.real(STATE_MOMENTUM_PRODUCT) * momentum));
    const auto correct = [&](size_t word, double beta) {
      state.set_real(word, static_cast<float>(beta * state.real(word) + (1 - beta)));
    };
    correct(STATE_CORRECTION1, a.beta1);
    correct(STATE_CORRECTION2, a.beta2);
  }

  const auto batch = static_cast<uint32_t>(a.batch);
  const uint32_t samples = state.get(STATE_SAMPLES_LOW) + batch;
  if (samples < batch) state.set(STATE_SAMPLES_HIGH, state.get(STATE_SAMPLES_HIGH) + 1);
  state.set(STATE_SAMPLES_LOW, samples);
  const uint32_t cursor = state.get(STATE_CURSOR) + 1;
  const auto batches = static_cast<uint64_t>(a.batches_per_epoch);
  const bool epoch_ends = cursor >= (batches ? batches : state.get(STATE_BATCHES));
  state.set(STATE_CURSOR, epoch_ends ? 0 : cursor);
  if (epoch_ends) state.set(STATE_EPOCH, state.get(STATE_EPOCH) + 1);
  state.set(STATE_STEP, state.get(STATE_STEP) + 1);
}

void state_value(const Reference& c) {
  const auto attrs = c.attrs<StateValueAttrs>();
  const StepStateView<const double> state{c.in[0]};
  c.out[0][0] = attrs.scale * state.real(static_cast<size_t>(attrs.word));
}

}  // namespace lemnos::reference
