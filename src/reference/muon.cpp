// What Muon does beside its products: the momentum of matrices in the flat arenas, and their update.
#include "reference/muon.h"

#include <algorithm>
#include <span>

#include "shaders/common/step_state.h"

namespace lemnos::reference {

namespace {

// Walks the elements of all matrices: their offsets in the arenas, and their numbers among the packed ones.
template <typename Act>
void for_each_element(const MuonAttrs& a, std::span<const double> places, Act act) {
  const auto size = static_cast<size_t>(a.rows * a.columns);
  for (size_t k = 0; k < places.size(); ++k)
    for (size_t i = 0; i < size; ++i) act(k, static_cast<size_t>(places[k]) * Graph::kArenaAlignment + i, k * size + i);
}

double clipped(double gradient, double limit) { return limit > 0 ? std::clamp(gradient, -limit, limit) : gradient; }

}  // namespace

void muon_direction(const Reference& c) {
  const StepStateView<const double> state{c.in[1]};
  const auto a = c.attrs<MuonAttrs>();
  const double clip = state.real(STATE_CLIP_FACTOR), momentum = a.momentum;
  for_each_element(a, c.in[3], [&](size_t, size_t at, size_t packed) {
    const double g = clipped(clip * c.in[0][at], a.clip_value);
    const double moved = momentum * c.in[2][at] + (1 - momentum) * g;
    const double direction = a.nesterov ? momentum * moved + (1 - momentum) * g : moved;
    c.out[0][packed] = clip == 0 ? 0 : direction;
  });
}

void muon_update(const Reference& c) {
  const StepStateView<const double> state{c.in[2]};
  const auto a = c.attrs<MuonAttrs>();
  const double clip = state.real(STATE_CLIP_FACTOR), momentum = a.momentum;
  if (clip == 0) return;
  const double rate = a.lr * state.real(STATE_SCHEDULE) * state.real(STATE_LR_FACTOR);
  const auto p = c.out[0], m = c.out[1];
  for_each_element(a, c.in[4], [&](size_t k, size_t at, size_t packed) {
    m[at] = momentum * m[at] + (1 - momentum) * clipped(clip * c.in[1][at], a.clip_value);
    const double lr = rate * c.in[5][2 * k], decay = a.weight_decay * c.in[5][2 * k + 1];
    p[at] = p[at] * (1 - lr * decay) - lr * a.scale * c.in[6][packed];
  });
}

}  // namespace lemnos::reference
