// Random numbers of a distribution from the exact bits of Philox, so that every backend draws the same ones.
#include "reference/random.h"

#include <cmath>
#include <string_view>

#include "shaders/common/philox.h"
#include "shaders/common/step_state.h"

namespace lemnos::reference {

namespace {

// The z below which a standard normal falls with probability u, by halving an interval.
double normal_quantile(double u) {
  double low = -9, high = 9;
  for (int i = 0; i < 64; ++i) {
    const double middle = (low + high) / 2;
    (0.5 * std::erfc(-middle / std::sqrt(2.0)) < u ? low : high) = middle;
  }
  return (low + high) / 2;
}

}  // namespace

void random(const Reference& c) {
  const auto attrs = c.attrs<RandomAttrs>();
  const StepStateView<const double> state{c.in[0]};
  const bool normal = c.node.op->name == std::string_view("random_normal");
  const double a = attrs.a, b = attrs.b;
  const shaders::uvec2 key = {static_cast<uint32_t>(attrs.seed) ^ state.get(STATE_SEED_LOW),
                              static_cast<uint32_t>(attrs.stream) ^ state.get(STATE_SEED_HIGH)};
  for (size_t i = 0; i < c.out[0].size(); ++i) {
    const uint32_t bits = shaders::philox({static_cast<uint32_t>(i / 4), state.get(STATE_STEP), 0, 0}, key)[i % 4];
    const double u = normal ? ((bits >> 9) * 2 + 1) * 0x1p-24 : (bits >> 8) * 0x1p-24;
    c.out[0][i] = a + b * (normal ? normal_quantile(u) : u);
  }
}

}  // namespace lemnos::reference
