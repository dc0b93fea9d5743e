#include "onnx/wire.h"

#include <bit>
#include <cstring>

#include "base/text.h"

namespace lemnos::onnx {

namespace {

const char* name_of(Field::Kind kind) {
  switch (kind) {
    case Field::Kind::varint: return "a varint";
    case Field::Kind::fixed64: return "64 bits";
    case Field::Kind::bytes: return "bytes";
    case Field::Kind::fixed32: return "32 bits";
  }
  return "";
}

// Packed numbers of a fixed size.
template <typename Item, typename Number>
void add_packed(std::span<const std::byte> bytes, uint32_t field, std::vector<Number>& numbers) {
  require(bytes.size() % sizeof(Item) == 0, ErrorCode::corrupt_data, "protobuf: field ", field, " packs ", bytes.size(),
          " bytes, which are no whole number of items of ", sizeof(Item));
  for (size_t at = 0; at < bytes.size(); at += sizeof(Item)) {
    Item item;
    std::memcpy(&item, bytes.data() + at, sizeof(Item));
    numbers.push_back(static_cast<Number>(item));
  }
}

}  // namespace

void Field::require_kind(Kind wanted, const char* what) const {
  require(kind == wanted, ErrorCode::corrupt_data, "protobuf: field ", number, " is ", name_of(kind), " where ", what,
          " was expected");
}

int64_t Field::integer() const {
  require_kind(Kind::varint, "an integer");
  return static_cast<int64_t>(bits);
}

float Field::real() const {
  require_kind(Kind::fixed32, "a float");
  return std::bit_cast<float>(static_cast<uint32_t>(bits));
}

double Field::double_real() const {
  require_kind(Kind::fixed64, "a double");
  return std::bit_cast<double>(bits);
}

std::string Field::text() const {
  require_kind(Kind::bytes, "text");
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::span<const std::byte> Field::message() const {
  require_kind(Kind::bytes, "a message");
  return bytes;
}

void Field::add_to(std::vector<int64_t>& numbers) const {
  if (kind != Kind::bytes) {
    numbers.push_back(integer());
    return;
  }
  WireReader packed(bytes);
  while (!packed.at_end()) numbers.push_back(static_cast<int64_t>(packed.varint()));
}

void Field::add_to(std::vector<float>& numbers) const {
  if (kind == Kind::bytes)
    add_packed<float>(bytes, number, numbers);
  else
    numbers.push_back(real());
}

void Field::add_to(std::vector<double>& numbers) const {
  if (kind == Kind::bytes)
    add_packed<double>(bytes, number, numbers);
  else
    numbers.push_back(double_real());
}

uint64_t WireReader::varint() {
  uint64_t value = 0;
  for (int shift = 0; shift < 70; shift += 7) {
    require(at_ < message_.size(), ErrorCode::corrupt_data, "protobuf: cut short within a varint at byte ", at_);
    const auto group = static_cast<uint64_t>(message_[at_++]);
    // Of the tenth group one bit is left.
    require(shift < 63 || group <= 1, ErrorCode::corrupt_data, "protobuf: a varint past 64 bits at byte ", at_ - 1);
    value |= (group & 0x7f) << shift;
    if (group < 0x80) return value;
  }
  fail(ErrorCode::corrupt_data, "protobuf: a varint past 64 bits at byte ", at_);
}

uint64_t WireReader::fixed(size_t count) {
  require(count <= message_.size() - at_, ErrorCode::corrupt_data, "protobuf: cut short within ", count,
          " bytes at byte ", at_);
  uint64_t value = 0;
  for (size_t i = 0; i < count; ++i) value |= static_cast<uint64_t>(message_[at_++]) << (8 * i);
  return value;
}

bool WireReader::next(Field& field) {
  if (at_end()) return false;
  const size_t start = at_;
  const uint64_t tag = varint();
  constexpr uint64_t kMostNumber = (uint64_t{1} << 29) - 1;
  require(tag >> 3 != 0 && tag >> 3 <= kMostNumber, ErrorCode::corrupt_data, "protobuf: field number ", tag >> 3,
          " at byte ", start);
  field = {};
  field.number = static_cast<uint32_t>(tag >> 3);
  switch (tag & 7) {
    case 0: field.bits = varint(); break;
    case 1: field.bits = fixed(8); break;
    case 5: field.bits = fixed(4); break;
    case 2: {
      const uint64_t size = varint();
      require(size <= message_.size() - at_, ErrorCode::corrupt_data, "protobuf: field ", field.number, " at byte ",
              start, " is ", size, " bytes long, and ", message_.size() - at_, " are left");
      field.bytes = message_.subspan(at_, static_cast<size_t>(size));
      at_ += static_cast<size_t>(size);
      break;
    }
    default:  // 3 and 4 began and ended the groups of the first version
      fail(ErrorCode::corrupt_data, "protobuf: field ", field.number, " at byte ", start, " has the kind ", tag & 7);
  }
  field.kind = static_cast<Field::Kind>(tag & 7);
  return true;
}

void WireWriter::varint(uint64_t value) {
  for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>((value & 0x7f) | 0x80);
  bytes_ += static_cast<char>(value);
}

void WireWriter::integer(uint32_t field, int64_t value) {
  varint(uint64_t{field} << 3);
  varint(static_cast<uint64_t>(value));
}

void WireWriter::real(uint32_t field, float value) {
  varint(uint64_t{field} << 3 | 5);
  const auto bits = std::bit_cast<uint32_t>(value);
  for (int shift = 0; shift < 32; shift += 8) bytes_ += static_cast<char>(bits >> shift & 0xff);
}

void WireWriter::bytes(uint32_t field, std::string_view bytes) {
  varint(uint64_t{field} << 3 | 2);
  varint(bytes.size());
  bytes_ += bytes;
}

void WireWriter::packed(uint32_t field, std::span<const int64_t> numbers) {
  WireWriter inner;
  for (int64_t number : numbers) inner.varint(static_cast<uint64_t>(number));
  message(field, inner);
}

}  // namespace lemnos::onnx
