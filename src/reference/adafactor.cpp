// What Adafactor does beside its sums: variances move towards the new mean squares, parameters along their direction.
#include "reference/adafactor.h"

#include <algorithm>
#include <cmath>

#include "shaders/common/step_state.h"

namespace lemnos::reference {

namespace {

bool update_is_left_out(const StepStateView<const double>& state) { return state.real(STATE_CLIP_FACTOR) == 0; }
/// The number of the running update, from 1.
double update_number(const StepStateView<const double>& state) {
  return static_cast<double>(state.get(STATE_STEP) - state.get(STATE_SKIPPED));
}

}  // namespace

void adafactor_variance(const Reference& c) {
  const StepStateView<const double> state{c.in[2]};
  if (update_is_left_out(state)) return;
  const double weight = std::pow(update_number(state), c.attrs<AdafactorVarianceAttrs>().exponent);
  const auto variance = c.out[0];
  const auto mean_squares = c.in[1];
  for (size_t i = 0; i < variance.size(); ++i) variance[i] += weight * (mean_squares[i] - variance[i]);
}

void adafactor_update(const Reference& c) {
  const StepStateView<const double> state{c.in[3]};
  if (update_is_left_out(state)) return;
  const auto a = c.attrs<AdafactorUpdateAttrs>();
  const double lr = a.lr * state.real(STATE_SCHEDULE) * state.real(STATE_LR_FACTOR);
  const double rate = a.lr_scale * std::min(lr, 1 / std::sqrt(update_number(state)));
  const auto p = c.out[0];
  const auto direction = c.in[1];
  const double scale = c.in[2][0];
  for (size_t i = 0; i < p.size(); ++i)
    p[i] = p[i] * (1 - a.lr_scale * lr * a.weight_decay) - rate * scale * direction[i];
}

}  // namespace lemnos::reference
