// A 64-bit FNV-1a hash, for cache keys and file checksums of trusted data (not against an adversary).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace lemnos {

class Hash {
 public:
  Hash& bytes(const void* data, size_t size) {
    const auto* p = static_cast<const unsigned char*>(data);
    for (size_t i = 0; i < size; ++i) value_ = (value_ ^ p[i]) * 0x100000001b3ull;
    return *this;
  }
  Hash& add(std::string_view word) { return number(word.size()).bytes(word.data(), word.size()); }
  Hash& number(uint64_t n) { return bytes(&n, sizeof n); }
  uint64_t value() const { return value_; }

 private:
  uint64_t value_ = 0xcbf29ce484222325ull;
};

}  // namespace lemnos
