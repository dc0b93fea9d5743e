// Integers and floats from bytes in a given order, on any machine.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

namespace lemnos::io {

template <typename T>
T load(const uint8_t* bytes, std::endian order) {
  uint8_t raw[sizeof(T)];
  for (size_t i = 0; i < sizeof(T); ++i) raw[i] = bytes[order == std::endian::native ? i : sizeof(T) - 1 - i];
  T value;
  std::memcpy(&value, raw, sizeof value);
  return value;
}

template <typename T>
void store(uint8_t* bytes, T value, std::endian order) {
  uint8_t raw[sizeof(T)];
  std::memcpy(raw, &value, sizeof value);
  for (size_t i = 0; i < sizeof(T); ++i) bytes[order == std::endian::native ? i : sizeof(T) - 1 - i] = raw[i];
}

/// `count` elements of `size` bytes each, in place.
inline void swap_elements(std::span<uint8_t> bytes, size_t size) {
  for (size_t at = 0; at + size <= bytes.size(); at += size)
    for (size_t i = 0; i < size / 2; ++i) std::swap(bytes[at + i], bytes[at + size - 1 - i]);
}

}  // namespace lemnos::io
