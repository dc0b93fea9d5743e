// The global norm of the gradients, and what follows from it for the step.
#include "reference/gradient_norm.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "shaders/common/step_state.h"

namespace lemnos::reference {

void gradient_norm(const Reference& c) {
  const StepStateView<double> state{c.out[0]};
  const auto a = c.attrs<GradientNormAttrs>();
  double squares = 0;
  for (size_t i = 0; i < c.in[0].size(); ++i)
    if (c.in.size() < 3 || c.in[2][i / Graph::kArenaAlignment] != 0) squares += c.in[0][i] * c.in[0][i];
  const double scale = a.loss_scale * state.real(STATE_LOSS_SCALE), norm = std::sqrt(squares) / scale;
  const auto set_loss_scale = [&](double word) { state.set_real(STATE_LOSS_SCALE, static_cast<float>(word)); };
  state.set_real(STATE_GRADIENT_NORM, static_cast<float>(norm));
  // Past the largest float the devices see infinity.
  const double used = a.max_norm > 0 ? std::min(norm, a.max_norm) : norm;
  if (!std::isfinite(static_cast<float>(norm)) || !std::isfinite(static_cast<float>(used * used))) {
    state.set_real(STATE_CLIP_FACTOR, 0);
    state.set(STATE_GOOD_STEPS, 0);
    if (a.interval == 0) return;
    const float word = state.real(STATE_LOSS_SCALE), least = static_cast<float>(a.least / a.loss_scale);
    if (word <= least) state.set(STATE_AT_LEAST, state.get(STATE_AT_LEAST) + 1);
    set_loss_scale(std::max(word * a.backoff, static_cast<double>(least)));
    return;
  }
  const double factor = (a.max_norm > 0 ? std::min(1.0, a.max_norm / (norm + 1e-6)) : 1) / scale;
  state.set_real(STATE_CLIP_FACTOR, factor < std::numeric_limits<float>::min() ? 0 : static_cast<float>(factor));
  const uint32_t good = state.get(STATE_GOOD_STEPS) + 1;
  const bool grows = a.interval != 0 && good >= a.interval;
  state.set(STATE_GOOD_STEPS, grows ? 0 : good);
  if (grows && scale * a.growth <= 0x1p100) set_loss_scale(state.real(STATE_LOSS_SCALE) * a.growth);
}

}  // namespace lemnos::reference
