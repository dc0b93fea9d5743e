// Messages of Protocol Buffers made by hand, for the tests of what reads them.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace lemnos::onnx::made {

inline std::string varint(uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>((value & 0x7f) | 0x80);
  return bytes + static_cast<char>(value);
}
/// A field that is a number, and one that is bytes: text or a message.
inline std::string number(uint32_t field, int64_t value) {
  return varint(uint64_t{field} << 3) + varint(static_cast<uint64_t>(value));
}
inline std::string repeated(uint32_t field, const std::string& bytes) {
  return varint(uint64_t{field} << 3 | 2) + varint(bytes.size()) + bytes;
}

/// A TensorProto: its dims packed, its elements in the fields that are given.
inline std::string tensor(const std::string& name, int64_t type, const std::vector<int64_t>& dims,
                          const std::vector<std::pair<uint32_t, std::string>>& elements) {
  std::string packed, message;
  for (int64_t dim : dims) packed += varint(static_cast<uint64_t>(dim));
  message = repeated(1, packed) + number(2, type) + repeated(8, name);
  for (const auto& [field, bytes] : elements) message += repeated(field, bytes);
  return message;
}
/// A ValueInfoProto of a tensor.
inline std::string value(const std::string& name, int64_t type) {
  return repeated(1, name) + repeated(2, repeated(1, number(1, type)));
}

}  // namespace lemnos::onnx::made
