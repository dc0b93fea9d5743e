// What Muon does beside its products: the momentum of matrices in the flat arenas, and their update.
#include <algorithm>
#include <span>

#include "lemnos/op.h"
#include "shaders/common/step_state.h"

namespace lemnos::reference {

namespace {

// Walks the elements of all matrices: where each lies in the arenas, and its number among the packed ones.
template <typename Act>
void for_each_element(const Reference& c, std::span<const double> places, Act act) {
  const size_t size = static_cast<size_t>(c.attrs().integer("rows") * c.attrs().integer("columns"));
  for (size_t k = 0; k < places.size(); ++k)
    for (size_t i = 0; i < size; ++i) act(k, static_cast<size_t>(places[k]) * Graph::kArenaAlignment + i, k * size + i);
}

double clipped_gradient(const Reference& c, double clip_factor, double gradient) {
  const double g = clip_factor * gradient, limit = c.attrs().real("clip_value");
  return limit > 0 ? std::clamp(g, -limit, limit) : g;
}

}  // namespace

void muon_direction(const Reference& c) {
  const StepStateView<const double> state{c.in[1]};
  const double clip = state.real(STATE_CLIP_FACTOR), momentum = c.attrs().real("momentum");
  for_each_element(c, c.in[3], [&](size_t, size_t at, size_t packed) {
    const double g = clipped_gradient(c, clip, c.in[0][at]);
    const double moved = momentum * c.in[2][at] + (1 - momentum) * g;
    const double direction = c.attrs().flag("nesterov") ? momentum * moved + (1 - momentum) * g : moved;
    c.out[0][packed] = clip == 0 ? 0 : direction;
  });
}

void muon_update(const Reference& c) {
  const StepStateView<const double> state{c.in[2]};
  const Attrs& a = c.attrs();
  const double clip = state.real(STATE_CLIP_FACTOR), momentum = a.real("momentum");
  if (clip == 0) return;
  const double rate = a.real("lr") * state.real(STATE_SCHEDULE) * state.real(STATE_LR_FACTOR);
  const auto p = c.out[0], m = c.out[1];
  for_each_element(c, c.in[4], [&](size_t k, size_t at, size_t packed) {
    m[at] = momentum * m[at] + (1 - momentum) * clipped_gradient(c, clip, c.in[1][at]);
    const double lr = rate * c.in[5][2 * k], decay = a.real("weight_decay") * c.in[5][2 * k + 1];
    p[at] = p[at] * (1 - lr * decay) - lr * a.real("scale") * c.in[6][packed];
  });
}

}  // namespace lemnos::reference
