#include "base/half.h"

#include <cmath>
#include <cstring>
#include <limits>

namespace lemnos {

float f16_to_float(uint16_t bits) {
  const uint32_t sign = uint32_t(bits & 0x8000u) << 16;
  const uint32_t exponent = (bits >> 10) & 0x1fu;
  const uint32_t mantissa = bits & 0x3ffu;
  if (exponent == 0) {  // zero and subnormals: mantissa * 2^-24 is exact in f32
    const float magnitude = static_cast<float>(mantissa) * 0x1p-24f;
    return sign ? -magnitude : magnitude;
  }
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000u | (mantissa << 13));
  return std::bit_cast<float>(sign | ((exponent + 112u) << 23) | (mantissa << 13));
}

uint16_t float_to_f16(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint16_t sign = static_cast<uint16_t>((bits >> 16) & 0x8000u);
  const uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return sign | 0x7e00u;
  if (magnitude >= 0x477ff000u) return sign | 0x7c00u;  // rounds past 65504
  if (magnitude < 0x38800000u) {                        // subnormal in f16: count units of 2^-24, ties to even
    const float units = std::bit_cast<float>(magnitude) * 0x1p24f;
    return static_cast<uint16_t>(sign | static_cast<uint16_t>(std::nearbyint(units)));
  }
  const uint32_t rounded = magnitude + 0xfffu + ((magnitude >> 13) & 1u);
  return static_cast<uint16_t>(sign | ((rounded - 0x38000000u) >> 13));
}

namespace {
template <typename Stored>
Stored whole(double value) {
  using Limits = std::numeric_limits<Stored>;
  if (std::isnan(value)) return 0;
  if (value <= Limits::min()) return Limits::min();
  return value >= Limits::max() ? Limits::max() : static_cast<Stored>(value);
}
}  // namespace

double round_to(DType dtype, double value) {
  switch (dtype) {
    case DType::f32: return static_cast<float>(value);
    case DType::f16: return f16_to_float(float_to_f16(static_cast<float>(value)));
    case DType::bf16: return bf16_to_float(float_to_bf16(static_cast<float>(value)));
    case DType::i32: return whole<int32_t>(value);
    case DType::u32: return whole<uint32_t>(value);
    case DType::u8: return whole<uint8_t>(value);
    case DType::boolean: break;
  }
  return value != 0;
}

namespace {
template <typename Stored, typename Convert>
void encode_as(const double* values, void* bytes, size_t count, Convert convert) {
  auto* out = static_cast<unsigned char*>(bytes);
  for (size_t i = 0; i < count; ++i) {
    const Stored stored = convert(values[i]);
    std::memcpy(out + i * sizeof stored, &stored, sizeof stored);
  }
}
template <typename Stored, typename Convert>
void decode_as(const void* bytes, double* values, size_t count, Convert convert) {
  const auto* in = static_cast<const unsigned char*>(bytes);
  for (size_t i = 0; i < count; ++i) {
    Stored stored;
    std::memcpy(&stored, in + i * sizeof stored, sizeof stored);
    values[i] = convert(stored);
  }
}
}  // namespace

void encode(DType dtype, const double* values, void* bytes, size_t count) {
  switch (dtype) {
    case DType::f32: return encode_as<float>(values, bytes, count, [](double v) { return static_cast<float>(v); });
    case DType::f16:
      return encode_as<uint16_t>(values, bytes, count, [](double v) { return float_to_f16(static_cast<float>(v)); });
    case DType::bf16:
      return encode_as<uint16_t>(values, bytes, count, [](double v) { return float_to_bf16(static_cast<float>(v)); });
    case DType::i32: return encode_as<int32_t>(values, bytes, count, whole<int32_t>);
    case DType::u32: return encode_as<uint32_t>(values, bytes, count, whole<uint32_t>);
    case DType::u8: return encode_as<uint8_t>(values, bytes, count, whole<uint8_t>);
    case DType::boolean: return encode_as<uint8_t>(values, bytes, count, [](double v) { return uint8_t(v != 0); });
  }
}

void decode(DType dtype, const void* bytes, double* values, size_t count) {
  const auto widen = [](auto v) { return static_cast<double>(v); };
  switch (dtype) {
    case DType::f32: return decode_as<float>(bytes, values, count, widen);
    case DType::f16: return decode_as<uint16_t>(bytes, values, count, f16_to_float);
    case DType::bf16: return decode_as<uint16_t>(bytes, values, count, bf16_to_float);
    case DType::i32: return decode_as<int32_t>(bytes, values, count, widen);
    case DType::u32: return decode_as<uint32_t>(bytes, values, count, widen);
    case DType::u8: return decode_as<uint8_t>(bytes, values, count, widen);
    case DType::boolean: return decode_as<uint8_t>(bytes, values, count, widen);
  }
}

}  // namespace lemnos
