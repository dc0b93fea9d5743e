// Inverted dropout: an element (or a group of per_mask consecutive ones) is kept when its random bits reach the
// threshold.
#include "reference/dropout.h"

#include "shaders/common/philox.h"
#include "shaders/common/step_state.h"

namespace lemnos::reference {

namespace {

// Which elements are kept, and by how much they grow. The bits are exact, so every backend drops the same.
class Mask {
 public:
  Mask(const DropoutAttrs& attrs, std::span<const double> words)
      : threshold_(static_cast<uint32_t>(attrs.rate * 0x1p32)), scale_(static_cast<float>(1 / (1 - attrs.rate))) {
    const StepStateView<const double> state{words};
    step_ = state.get(STATE_STEP);
    key_ = {static_cast<uint32_t>(attrs.seed) ^ state.get(STATE_SEED_LOW),
            static_cast<uint32_t>(attrs.stream) ^ state.get(STATE_SEED_HIGH)};
  }
  // The factor of mask element `i`: 1 / (1 - rate) where its bits reach the threshold, else 0.
  double operator()(size_t i) const {
    return shaders::philox({static_cast<uint32_t>(i / 4), step_, 0, 0}, key_)[i % 4] >= threshold_ ? scale_ : 0.0;
  }

 private:
  uint32_t threshold_, step_ = 0;
  double scale_;
  shaders::uvec2 key_;
};

}  // namespace

void dropout(const Reference& c) {
  const auto attrs = c.attrs<DropoutAttrs>();
  const Mask mask(attrs, c.in[1]);
  const auto per_mask = static_cast<size_t>(attrs.per_mask);
  for (size_t i = 0; i < c.out[0].size(); ++i) {
    const double factor = mask(i / per_mask);
    c.out[0][i] = factor > 0 ? factor * c.in[0][i] : 0.0;
  }
}

}  // namespace lemnos::reference
