// The wire format of Protocol Buffers: a message is fields one after the other, each a number, a kind and a value. What
// stands in a file is not trusted: nothing is read past its end, and nothing is reserved that a file only promises.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lemnos::onnx {

/// One field. The conversions throw `corrupt_data` where the field is of another kind.
class Field {
 public:
  enum class Kind : uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };
  uint32_t number = 0;
  Kind kind = Kind::varint;
  uint64_t bits = 0;                 // of every kind but bytes
  std::span<const std::byte> bytes;  // of the message that it was read from

  int64_t integer() const;
  float real() const;
  double double_real() const;
  std::string text() const;
  std::span<const std::byte> message() const;
  /// Adds what a repeated field holds: one number, or many packed into bytes.
  void add_to(std::vector<int64_t>& numbers) const;
  void add_to(std::vector<float>& numbers) const;
  void add_to(std::vector<double>& numbers) const;

 private:
  void require_kind(Kind wanted, const char* what) const;
};

class WireReader {
 public:
  explicit WireReader(std::span<const std::byte> message) : message_(message) {}
  /// Reads the next field; false at the end. Throws `corrupt_data` where it is cut short, longer than its message, or
  /// of a kind that there is not.
  bool next(Field& field);
  /// A number in groups of seven bits. Throws as next().
  uint64_t varint();
  bool at_end() const { return at_ == message_.size(); }

 private:
  uint64_t fixed(size_t count);

  std::span<const std::byte> message_;
  size_t at_ = 0;
};

class WireWriter {
 public:
  /// A field each; `packed` is a repeated one.
  void integer(uint32_t field, int64_t value);
  void real(uint32_t field, float value);
  void bytes(uint32_t field, std::string_view bytes);
  void message(uint32_t field, const WireWriter& inner) { bytes(field, inner.bytes_); }
  void packed(uint32_t field, std::span<const int64_t> numbers);
  const std::string& written() const { return bytes_; }

 private:
  void varint(uint64_t value);

  std::string bytes_;
};

}  // namespace lemnos::onnx
