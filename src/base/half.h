// f16 and bf16 on the host: exact widening, round-to-nearest-even narrowing (IEEE 754-2008).
#pragma once

#include <bit>
#include <cstdint>

#include "lemnos/tensor.h"

namespace lemnos {

inline float bf16_to_float(uint16_t bits) { return std::bit_cast<float>(uint32_t{bits} << 16); }

inline uint16_t float_to_bf16(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return static_cast<uint16_t>((bits >> 16) | 0x40u);  // quiet NaN
  return static_cast<uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

float f16_to_float(uint16_t bits);
uint16_t float_to_f16(float value);

/// What a kernel sees when it loads what the host stored: the nearest value that a floating type can hold; of an
/// integer type the one towards zero, within its range, and 0 for NaN; 1 for every true.
double round_to(DType dtype, double value);

/// Converts between the double array of the oracle and the bytes of a tensor. `count` elements.
void encode(DType dtype, const double* values, void* bytes, size_t count);
void decode(DType dtype, const void* bytes, double* values, size_t count);

}  // namespace lemnos
