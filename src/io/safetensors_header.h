// The JSON header of a safetensors file: parsed, checked against the size of the data, and written.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "io/safetensors.h"

namespace lemnos::io {

inline constexpr uint64_t kMaxSafetensorsHeader = 100'000'000;  // bytes, the limit of the format's own reader

struct SafetensorsHeader {
  std::vector<TensorEntry>
      entries;  // by offset, from the start of the data; with the unsupported ones they tile it exactly
  Metadata metadata;
  std::vector<UnsupportedTensor> unsupported;
};

/// Throws `corrupt_data`; `name` is the file.
SafetensorsHeader parse_safetensors_header(std::string_view json, uint64_t data_bytes, const std::string& name);

/// Padded with spaces so that the data behind the 8-byte length and this text starts at a multiple of 8.
std::string safetensors_header_text(const SafetensorsHeader& header);

}  // namespace lemnos::io
