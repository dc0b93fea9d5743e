// The order of the rows of an epoch, on the host: what batch_indices computes on the device.
#pragma once

#include "shaders/common/permutation.h"

namespace lemnos::ops {

class EpochOrder {
 public:
  /// `seed`: the op's attribute, and what the StepState was seeded with.
  EpochOrder(uint32_t seed, uint64_t state_seed, int64_t epoch, int64_t rows)
      : keys_(shaders::permutation_keys(
            {seed ^ static_cast<uint32_t>(state_seed), static_cast<uint32_t>(state_seed >> 32)},
            static_cast<uint32_t>(epoch))),
        rows_(static_cast<uint32_t>(rows)) {}

  int64_t row(int64_t position) const { return shaders::permuted(static_cast<uint32_t>(position), rows_, keys_); }

 private:
  shaders::uvec4 keys_;
  uint32_t rows_;
};

}  // namespace lemnos::ops
