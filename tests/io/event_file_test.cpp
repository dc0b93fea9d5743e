// Event files against a reader of their own: records, checksums bit by bit, the fields of the protocol.

#include "io/event_file.h"

#include <cmath>
#include <cstring>
#include <map>
#include <optional>

#include "io_test.h"

namespace lemnos::io {
namespace {

// The definition: the remainder by the Castagnoli polynomial, one bit at a time.
uint32_t slow_crc(std::string_view bytes) {
  uint32_t crc = 0xffffffffu;
  for (const char c : bytes) {
    crc ^= static_cast<uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) ? 0x82f63b78u : 0);
  }
  return crc ^ 0xffffffffu;
}
uint32_t slow_mask(uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xa282ead8u; }

template <typename T>
T at(std::string_view bytes, size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

std::vector<std::string> records_of(const std::string& file) {
  std::vector<std::string> records;
  size_t at_byte = 0;
  while (at_byte < file.size()) {
    const std::string_view head = std::string_view(file).substr(at_byte, 8);
    const auto length = at<uint64_t>(head, 0);
    EXPECT_EQ(at<uint32_t>(file, at_byte + 8), slow_mask(slow_crc(head)));
    records.push_back(file.substr(at_byte + 12, length));
    EXPECT_EQ(at<uint32_t>(file, at_byte + 12 + length), slow_mask(slow_crc(records.back())));
    at_byte += 16 + length;
  }
  return records;
}

// Fields of a message by number: numbers as doubles, and bytes.
struct Fields {
  std::map<int, double> numbers;
  std::map<int, std::string> bytes;
};
Fields parse(std::string_view message) {
  Fields fields;
  size_t i = 0;
  const auto varint = [&] {
    uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      const auto byte = static_cast<uint8_t>(message.at(i++));
      value |= uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return value;
    }
  };
  while (i < message.size()) {
    const uint64_t key = varint();
    const int field = static_cast<int>(key >> 3);
    switch (key & 7) {
      case 0: fields.numbers[field] = static_cast<double>(varint()); break;
      case 1:
        fields.numbers[field] = at<double>(message, i);
        i += 8;
        break;
      case 5:
        fields.numbers[field] = at<float>(message, i);
        i += 4;
        break;
      default: {
        const uint64_t length = varint();
        fields.bytes[field] = message.substr(i, length);
        i += length;
      }
    }
  }
  return fields;
}
// The one value of the summary of an event.
Fields value_of(const Fields& event) { return parse(parse(event.bytes.at(5)).bytes.at(1)); }

TEST(EventFile, ChecksumIsThatOfTheStandard) {
  EXPECT_EQ(crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aau);  // RFC 3720, B.4
  EXPECT_EQ(crc32c(""), 0u);
  EXPECT_EQ(crc32c("lemnos"), slow_crc("lemnos"));
}

TEST(EventFile, HoldsScalarsAgainstSteps) {
  const test::TemporaryFolder folder;
  EventFile file(folder / "run");
  file.scalar("epoch/loss", 3, .25);
  file.scalar("lr", 70000, 1e-3);
  EXPECT_TRUE(file.path().filename().string().starts_with("events.out.tfevents."));
  const std::vector<std::string> records = records_of(test::get(file.path()));
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(parse(records[0]).bytes.at(3), "brain.Event:2");
  EXPECT_GT(parse(records[0]).numbers.at(1), 1.5e9);  // seconds since 1970
  const Fields loss = parse(records[1]), rate = parse(records[2]);
  EXPECT_EQ(loss.numbers.at(2), 3);
  EXPECT_EQ(value_of(loss).bytes.at(1), "epoch/loss");
  EXPECT_EQ(value_of(loss).numbers.at(2), .25);
  EXPECT_EQ(rate.numbers.at(2), 70000);
  EXPECT_FLOAT_EQ(static_cast<float>(value_of(rate).numbers.at(2)), 1e-3f);
}

TEST(EventFile, HoldsHistogramsThatAddUp) {
  const test::TemporaryFolder folder;
  EventFile file(folder.path());
  file.histogram("weights", 1, std::vector<float>{-1, 0, .5f, 2, INFINITY, NAN});
  file.histogram("equal", 1, std::vector<float>{3, 3});
  file.histogram("nothing", 1, std::vector<float>{NAN});
  const std::vector<std::string> records = records_of(test::get(file.path()));
  ASSERT_EQ(records.size(), 3u) << "a histogram of no finite value has no record";
  const Fields h = parse(value_of(parse(records[1])).bytes.at(5));
  EXPECT_EQ(h.numbers.at(1), -1);
  EXPECT_EQ(h.numbers.at(2), 2);
  EXPECT_EQ(h.numbers.at(3), 4);
  EXPECT_EQ(h.numbers.at(4), 1.5);
  EXPECT_EQ(h.numbers.at(5), 5.25);
  const std::string &limits = h.bytes.at(6), &bins = h.bytes.at(7);
  ASSERT_EQ(limits.size(), 30 * sizeof(double));
  ASSERT_EQ(bins.size(), limits.size());
  double total = 0;
  for (size_t i = 0; i < 30; ++i) total += at<double>(bins, 8 * i);
  EXPECT_EQ(total, 4);
  EXPECT_EQ(at<double>(bins, 0), 1);
  EXPECT_EQ(at<double>(bins, 8 * 29), 1);
  EXPECT_EQ(at<double>(limits, 8 * 29), 2);
  EXPECT_EQ(parse(value_of(parse(records[2])).bytes.at(5)).numbers.at(3), 2);
}

TEST(EventFile, ThatCannotBeCreatedIsNamed) {
  const test::TemporaryFolder folder;
  test::put(folder / "file", test::bytes_of("x"));
  EXPECT_REFUSED_WITH(EventFile(folder / "file"), io, (folder / "file").string(), "");
}

}  // namespace
}  // namespace lemnos::io
