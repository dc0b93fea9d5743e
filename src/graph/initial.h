#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace lemnos {

/// The initial content of a value; null if empty.
inline std::shared_ptr<const std::vector<std::byte>> shared_bytes(std::span<const std::byte> bytes) {
  if (bytes.empty()) return nullptr;
  return std::make_shared<const std::vector<std::byte>>(bytes.begin(), bytes.end());
}

}  // namespace lemnos
