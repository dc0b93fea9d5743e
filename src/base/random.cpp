#include "base/random.h"

#include <bit>
#include <cmath>

namespace lemnos {
namespace {

// The natural logarithm of x > 0 from operations that IEEE 754 rounds exactly: log(m 2^e) with m in [sqrt(1/2),
// sqrt(2)) and log(m) = 2 atanh((m - 1) / (m + 1)). Within 2e-16 relative of the true value away from 1.
double portable_log(double x) {
  const uint64_t bits = std::bit_cast<uint64_t>(x);
  int exponent = static_cast<int>(bits >> 52) - 1023;
  double mantissa = std::bit_cast<double>((bits & 0x000fffffffffffffull) | 0x3ff0000000000000ull);
  if (mantissa > 1.4142135623730951) {
    mantissa *= 0.5;
    ++exponent;
  }
  const double s = (mantissa - 1.0) / (mantissa + 1.0);
  const double s2 = s * s;
  double series = 0;
  for (int k = 23; k >= 1; k -= 2) series = series * s2 + 1.0 / k;
  return 2.0 * s * series + exponent * 0.6931471805599453;
}

}  // namespace

uint32_t Random::bits() {
  if (used_ == 4) {
    const auto low = static_cast<uint32_t>(next_block_);
    const auto high = static_cast<uint32_t>(next_block_ >> 32);
    block_ = philox({low, high, stream_[0], stream_[1]}, key_);
    ++next_block_;
    used_ = 0;
  }
  return block_[used_++];
}

double Random::uniform() {
  const uint64_t high = bits() >> 5;  // 27 bits
  const uint64_t low = bits() >> 6;   // 26 bits
  return static_cast<double>((high << 26) | low) * 0x1p-53;
}

uint64_t Random::below(uint64_t count) {
  // Values past the last whole multiple of count would favour the small results: they are drawn again.
  const uint64_t unfair = (0 - count) % count;
  for (;;) {
    const uint64_t high = bits();
    const uint64_t value = (high << 32) | bits();
    if (value >= unfair) return value % count;
  }
}

double Random::normal() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_;
  }
  for (;;) {
    const double u = uniform(-1, 1);
    const double v = uniform(-1, 1);
    const double s = u * u + v * v;
    if (s >= 1 || s == 0) continue;
    const double scale = std::sqrt(-2.0 * portable_log(s) / s);
    spare_ = v * scale;
    has_spare_ = true;
    return u * scale;
  }
}

}  // namespace lemnos
