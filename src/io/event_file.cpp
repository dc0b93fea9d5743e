#include "io/event_file.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstring>

#include "base/system_reason.h"
#include "base/text.h"
#include "io/bytes.h"

#ifdef _WIN32
#include <process.h>
#define LEMNOS_PROCESS_ID() _getpid()
#else
#include <unistd.h>
#define LEMNOS_PROCESS_ID() getpid()
#endif

namespace lemnos::io {

namespace {

constexpr std::array<uint32_t, 256> crc_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t rest = byte;
    for (int bit = 0; bit < 8; ++bit) rest = rest & 1 ? rest >> 1 ^ 0x82f63b78u : rest >> 1;
    table[byte] = rest;
  }
  return table;
}
constexpr std::array<uint32_t, 256> kCrcTable = crc_table();

// A message of protocol buffers: fields one after the other, each a key (number and kind) and its content.
class Message {
 public:
  void integer(uint32_t field, int64_t value) {
    varint(field << 3);
    varint(static_cast<uint64_t>(value));
  }
  void real(uint32_t field, double value) {
    varint(field << 3 | 1);
    fixed(value);
  }
  void single(uint32_t field, float value) {
    varint(field << 3 | 5);
    fixed(value);
  }
  void bytes(uint32_t field, std::string_view content) {
    varint(field << 3 | 2);
    varint(content.size());
    text_ += content;
  }
  void reals(uint32_t field, std::span<const double> values) {
    varint(field << 3 | 2);
    varint(values.size() * sizeof(double));
    for (const double value : values) fixed(value);
  }
  const std::string& text() const { return text_; }

 private:
  void varint(uint64_t value) {
    for (; value >= 0x80; value >>= 7) text_ += static_cast<char>(value | 0x80);
    text_ += static_cast<char>(value);
  }
  template <typename T>
  void fixed(T value) {
    uint8_t raw[sizeof(T)];
    store(raw, value, std::endian::little);
    text_.append(reinterpret_cast<const char*>(raw), sizeof raw);
  }

  std::string text_;
};

double wall_time() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string event_of(int64_t step, const Message& value) {
  Message summary, event;
  summary.bytes(1, value.text());
  event.real(1, wall_time());
  event.integer(2, step);
  event.bytes(5, summary.text());
  return event.text();
}

}  // namespace

uint32_t crc32c(std::string_view bytes) {
  uint32_t crc = ~0u;
  for (const char c : bytes) crc = crc >> 8 ^ kCrcTable[(crc ^ static_cast<uint8_t>(c)) & 0xff];
  return ~crc;
}

uint32_t masked_crc32c(std::string_view bytes) { return std::rotr(crc32c(bytes), 15) + 0xa282ead8u; }

EventFile::EventFile(const std::filesystem::path& folder) {
  static std::atomic<int> count{0};
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  require(!failed, ErrorCode::io, folder.string(), ": cannot be created: ", reason_of(failed));
  path_ = folder / text("events.out.tfevents.", static_cast<int64_t>(wall_time()), ".lemnos.", LEMNOS_PROCESS_ID(), '.',
                        count++);
  file_.reset(std::fopen(path_.string().c_str(), "wb"));
  require(file_ != nullptr, ErrorCode::io, path_.string(), ": cannot be written: ", kSystemReason);
  Message first;
  first.real(1, wall_time());
  first.bytes(3, "brain.Event:2");
  record(first.text());
}

void EventFile::record(const std::string& event) {
  std::string out(12, '\0');
  auto* raw = reinterpret_cast<uint8_t*>(out.data());
  store(raw, static_cast<uint64_t>(event.size()), std::endian::little);
  store(raw + 8, masked_crc32c(std::string_view(out).substr(0, 8)), std::endian::little);
  uint8_t crc[4];
  store(crc, masked_crc32c(event), std::endian::little);
  out += event;
  out.append(reinterpret_cast<const char*>(crc), sizeof crc);
  const bool written = std::fwrite(out.data(), 1, out.size(), file_.get()) == out.size();
  require(written && std::fflush(file_.get()) == 0, ErrorCode::io, path_.string(), ": ", out.size(),
          " bytes cannot be written: ", kSystemReason);
}

void EventFile::scalar(const std::string& tag, int64_t step, double value) {
  Message entry;
  entry.bytes(1, tag);
  entry.single(2, static_cast<float>(value));
  record(event_of(step, entry));
}

void EventFile::histogram(const std::string& tag, int64_t step, std::span<const float> values) {
  constexpr size_t kBins = 30;
  double low = INFINITY, high = -INFINITY, count = 0, sum = 0, squares = 0;
  for (const double v : values) {
    if (!std::isfinite(v)) continue;
    low = std::min(low, v);
    high = std::max(high, v);
    count += 1;
    sum += v;
    squares += v * v;
  }
  if (count == 0) return;
  std::vector<double> limits(kBins), bins(kBins);
  const double width = (high - low) / kBins;
  for (size_t i = 0; i < kBins; ++i) limits[i] = i + 1 == kBins ? high : low + width * static_cast<double>(i + 1);
  for (const double v : values) {
    if (!std::isfinite(v)) continue;
    const double place = width > 0 ? (v - low) / width : 0;
    bins[std::min(static_cast<size_t>(place), kBins - 1)] += 1;
  }
  Message histogram, entry;
  const double numbers[] = {low, high, count, sum, squares};
  for (uint32_t i = 0; i < 5; ++i) histogram.real(i + 1, numbers[i]);
  histogram.reals(6, limits);
  histogram.reals(7, bins);
  entry.bytes(1, tag);
  entry.bytes(5, histogram.text());
  record(event_of(step, entry));
}

}  // namespace lemnos::io
