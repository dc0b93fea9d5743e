// The global norm of the gradients, and what follows from it for the step.
#include "reference/gradient_norm.h"

#include <algorithm>
#include <cmath>

#include "shaders/common/step_state.h"

namespace lemnos::reference {

void gradient_norm(const Reference& c) {
  const StepStateView<double> state{c.out[0]};
  const auto a = c.attrs<GradientNormAttrs>();
  double squares = 0;
  for (size_t i = 0; i < c.in[0].size(); ++i)
    if (c.in.size() < 3 || c.in[2][i / Graph::kArenaAlignment] != 0) squares += c.in[0][i] * c.in[0][i];
  const double scale = a.loss_scale * state.real(STATE_LOSS_SCALE);
  const auto multiply_loss_scale = [&](double by) {
    state.set_real(STATE_LOSS_SCALE, static_cast<float>(state.real(STATE_LOSS_SCALE) * by));
  };
  const int64_t interval = a.interval;
  // Past the largest float the devices see infinity.
  if (!std::isfinite(static_cast<float>(squares))) {
    state.set_real(STATE_GRADIENT_NORM, static_cast<float>(squares));
    state.set_real(STATE_CLIP_FACTOR, 0);
    state.set(STATE_GOOD_STEPS, 0);
    if (interval != 0) multiply_loss_scale(a.backoff);
    return;
  }
  const double norm = std::sqrt(squares) / scale;
  const double most = a.max_norm;
  state.set_real(STATE_GRADIENT_NORM, static_cast<float>(norm));
  const double clip = most > 0 ? std::min(1.0, most / (norm + 1e-6)) : 1;
  state.set_real(STATE_CLIP_FACTOR, static_cast<float>(clip / scale));
  const uint32_t good = state.get(STATE_GOOD_STEPS) + 1;
  const bool grows = interval != 0 && good >= interval;
  state.set(STATE_GOOD_STEPS, grows ? 0 : good);
  if (grows) multiply_loss_scale(a.growth);
}

}  // namespace lemnos::reference
