// What a device was handed last, for the report on its loss.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

namespace lemnos::vulkan {

/// Thread-safe. Nothing allocates but the report.
class SubmissionLog {
 public:
  static constexpr size_t kKept = 12;
  static constexpr size_t kLongest = 191;  // bytes that are kept of a description

  /// A word of host memory that holds `number` once the submission has run to its end (canary.h); null: nobody knows.
  struct Proof {
    const volatile uint32_t* word = nullptr;
    uint32_t number = 0;
  };
  /// Submission `value` of a timeline, with what it runs.
  void add(const void* timeline, uint64_t value, std::string_view what, Proof proof);
  /// It did not reach the queue, and its value will be another's.
  void refused(const void* timeline, uint64_t value);
  /// The timeline goes, and with it the memory of its proofs.
  void forget(const void* timeline);
  /// A line for each, the oldest first, each after a line break: "  submission 41: 12 steps of 7 launches, matmul h;
  /// it ran to its end".
  std::string report() const;

 private:
  struct Entry {
    const void* timeline = nullptr;
    uint64_t value = 0;
    Proof proof;
    std::array<char, kLongest + 1> what{};
  };
  mutable std::mutex mutex_;
  std::array<Entry, kKept> entries_{};
  size_t next_ = 0, count_ = 0;
};

}  // namespace lemnos::vulkan
