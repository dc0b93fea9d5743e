// A random permutation of [0, samples) that is computed, not stored: where the element at `position` comes from. A
// Feistel network over the smallest power of two that holds `samples`; a result outside the range walks on along its
// cycle, which must come back into the range, so the map stays one to one. The same on the host and in kernels.
#ifndef COMMON_PERMUTATION
#define COMMON_PERMUTATION

#include "philox.h"

PORTABLE_BEGIN

// Every bit of the result depends on every bit of x (the finaliser of MurmurHash3).
FUNCTION uint scramble(uint x) {
  x = (x ^ (x >> 16)) * 0x85EBCA6Bu;
  x = (x ^ (x >> 13)) * 0xC2B2AE35u;
  return x ^ (x >> 16);
}

// The keys of the permutation of one epoch.
FUNCTION uvec4 permutation_keys(uvec2 seed, uint epoch) {
  uvec4 counter;
  counter[0] = epoch;
  counter[1] = 0u;
  counter[2] = 0u;
  counter[3] = 0x50455243u;  // apart from every other use of the same seed
  return philox(counter, seed);
}

// position < samples, samples >= 1; the result is below samples.
FUNCTION uint permuted(uint position, uint samples, uvec4 keys) {
  if (samples < 2u) return 0u;
  uint bits = 2u;
  while (bits < 32u && (samples - 1u) >> bits != 0u) ++bits;
  const uint low_bits = bits / 2u;
  const uint low_mask = (1u << low_bits) - 1u;
  const uint high_mask = (1u << (bits - low_bits)) - 1u;
  uint value = position;
  do {
    uint low = value & low_mask;
    uint high = value >> low_bits;
    for (uint round = 0u; round < 4u; ++round) {
      low ^= scramble(high + keys[round]) & low_mask;
      high ^= scramble(low ^ (keys[round] * 0x9E3779B9u + round)) & high_mask;
    }
    value = (high << low_bits) | low;
  } while (value >= samples);
  return value;
}

PORTABLE_END

#endif
