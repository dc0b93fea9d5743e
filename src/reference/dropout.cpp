// Inverted dropout: an element (or a group of per_mask consecutive ones) is kept when its random bits reach the
// threshold. The bits are exact, so every backend drops the same elements.
#include "lemnos/op.h"
#include "shaders/common/philox.h"
#include "shaders/common/step_state.h"

namespace lemnos::reference {

void dropout(const Reference& c) {
  const StepStateView<const double> state{c.in[1]};
  const double rate = c.attrs().real("rate");
  const auto threshold = static_cast<uint32_t>(rate * 0x1p32);
  const double scale = static_cast<float>(1 / (1 - rate));
  const auto per_mask = static_cast<size_t>(c.attrs().integer("per_mask"));
  const shaders::uvec2 key = {static_cast<uint32_t>(c.attrs().integer("seed")) ^ state.get(STATE_SEED_LOW),
                              static_cast<uint32_t>(c.attrs().integer("stream")) ^ state.get(STATE_SEED_HIGH)};
  for (size_t i = 0; i < c.out[0].size(); ++i) {
    const size_t mask = i / per_mask;
    const auto bits = shaders::philox({static_cast<uint32_t>(mask / 4), state.get(STATE_STEP), 0, 0}, key);
    c.out[0][i] = bits[mask % 4] >= threshold ? c.in[0][i] * scale : 0.0;
  }
}

}  // namespace lemnos::reference
