// A sequence of random numbers on the host: Philox blocks one after the other.
#pragma once

#include <cstdint>

#include "base/philox.h"

namespace lemnos {

/// Number n of the sequence is a function of (seed, stream, n) alone and has the same bits on every machine: no
/// std::distribution and no function of the C library is used, whose last bits differ between systems. One thread.
class Random {
 public:
  explicit Random(uint64_t seed, uint64_t stream = 0)
      : key_{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)},
        stream_{static_cast<uint32_t>(stream), static_cast<uint32_t>(stream >> 32)} {}

  uint32_t bits();
  /// In [0, 1), a multiple of 2^-53.
  double uniform();
  /// In [low, high).
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// In [0, count), without bias; count >= 1.
  uint64_t below(uint64_t count);
  /// Mean 0, variance 1 (polar method of Marsaglia).
  double normal();

 private:
  PhiloxKey key_;
  PhiloxKey stream_;
  uint64_t next_block_ = 0;
  PhiloxCounter block_{};
  uint32_t used_ = 4;  // words of block_ already returned
  double spare_ = 0;   // the second normal of a pair
  bool has_spare_ = false;
};

}  // namespace lemnos
