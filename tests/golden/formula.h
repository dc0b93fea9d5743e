// The numbers that golden values are computed from: the same formula as in make_golden.py, so that the files need not
// hold inputs. No library's generator is involved, and every value of `unit` is exact in f32.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lemnos::golden {

/// 32 mixed bits for element `index` of stream `stream`.
inline uint32_t bits(uint64_t index, uint32_t stream) {
  uint32_t u = static_cast<uint32_t>(index + 1) * 2654435761u + stream * 2246822519u;
  u ^= u >> 15;
  u *= 2246822519u;
  u ^= u >> 13;
  u *= 3266489917u;
  return u ^ (u >> 16);
}

/// In [0, 1), a multiple of 2^-23.
inline double unit(uint64_t index, uint32_t stream) { return (bits(index, stream) >> 9) * 0x1p-23; }

}  // namespace lemnos::golden
