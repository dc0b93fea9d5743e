// LAMB: Adam's update of each parameter, scaled to the norm of the parameter.
#include "reference/lamb.h"

#include <algorithm>
#include <cmath>

#include "shaders/common/step_state.h"

namespace lemnos::reference {

void lamb(const Reference& c) {
  constexpr size_t kBlock = Graph::kArenaAlignment;
  const StepStateView<const double> state{c.in[2]};
  const double clip = state.real(STATE_CLIP_FACTOR);
  if (clip == 0) return;
  const auto a = c.attrs<LambAttrs>();
  const double beta1 = a.beta1, beta2 = a.beta2, limit = a.clip_value;
  const double correction1 = beta1 * state.real(STATE_CORRECTION1) + (1 - beta1);
  const double correction2 = beta2 * state.real(STATE_CORRECTION2) + (1 - beta2);
  const double rate = a.lr * state.real(STATE_SCHEDULE) * state.real(STATE_LR_FACTOR);
  const auto bounds = c.in[5];
  const auto p = c.out[0], m = c.out[1], v = c.out[2];
  // {factor of lr, of weight decay} of a block.
  const auto factor = [&](size_t i, size_t which) { return c.in.size() == 7 ? c.in[6][i / kBlock * 2 + which] : 1.0; };
  for (size_t k = 0; k + 1 < bounds.size(); ++k) {
    const size_t begin = static_cast<size_t>(bounds[k]) * kBlock, end = static_cast<size_t>(bounds[k + 1]) * kBlock;
    std::vector<double> updates(end - begin);
    double weight_squares = 0, update_squares = 0;
    for (size_t i = begin; i < end; ++i) {
      if (factor(i, 0) == 0) continue;  // frozen, its moments too
      double g = clip * c.in[1][i];
      if (limit > 0) g = std::clamp(g, -limit, limit);
      m[i] = beta1 * m[i] + (1 - beta1) * g;
      v[i] = beta2 * v[i] + (1 - beta2) * g * g;
      const double adam = m[i] / correction1 / (std::sqrt(v[i]) / std::sqrt(correction2) + a.eps);
      const double u = adam + a.weight_decay * factor(i, 1) * p[i];
      weight_squares += p[i] * p[i];
      update_squares += u * u;
      updates[i - begin] = u;
    }
    const bool known = weight_squares > 0 && update_squares > 0;
    const double ratio = known ? std::sqrt(weight_squares / update_squares) : 1;
    for (size_t i = begin; i < end; ++i) p[i] -= rate * factor(i, 0) * ratio * updates[i - begin];
  }
}

}  // namespace lemnos::reference
