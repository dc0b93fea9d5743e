// Which elements dropout keeps, and by how much they grow. The bits are exact, so every backend drops the same.
#pragma once

#include "lemnos/op.h"
#include "shaders/common/philox.h"
#include "shaders/common/step_state.h"

namespace lemnos::reference {

class Mask {
 public:
  /// `attrs` has the seed and the stream, `state` the step's.
  Mask(double rate, const Attrs& attrs, std::span<const double> words)
      : threshold_(static_cast<uint32_t>(rate * 0x1p32)), scale_(static_cast<float>(1 / (1 - rate))) {
    const StepStateView<const double> state{words};
    step_ = state.get(STATE_STEP);
    key_ = {static_cast<uint32_t>(attrs.integer("seed")) ^ state.get(STATE_SEED_LOW),
            static_cast<uint32_t>(attrs.integer("stream")) ^ state.get(STATE_SEED_HIGH)};
  }
  /// The factor of mask element `i`: 1 / (1 - rate) where its bits reach the threshold, else 0.
  double operator()(size_t i) const {
    return shaders::philox({static_cast<uint32_t>(i / 4), step_, 0, 0}, key_)[i % 4] >= threshold_ ? scale_ : 0.0;
  }

 private:
  uint32_t threshold_, step_ = 0;
  double scale_;
  shaders::uvec2 key_;
};

}  // namespace lemnos::reference
