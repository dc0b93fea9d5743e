// Device times: a pool of timestamp queries.
#pragma once

#include <memory>
#include <span>

#include "vulkan/context.h"

namespace lemnos::vulkan {

class Timestamps {
 public:
  /// Throws `unsupported` on a queue that has no timestamps (DeviceCaps::timestamp_period is 0).
  Timestamps(std::shared_ptr<Context> context, uint32_t count);
  ~Timestamps();
  Timestamps(const Timestamps&) = delete;
  Timestamps& operator=(const Timestamps&) = delete;

  VkQueryPool handle() const { return pool_; }
  uint32_t count() const { return count_; }
  /// Reads `ticks.size()` values from index `first`. `cancelled` while one of them has not been written yet.
  Status read(uint32_t first, std::span<uint64_t> ticks) const;
  /// Nanoseconds between two ticks, across a wrap of the counter.
  double nanoseconds(uint64_t begin, uint64_t end) const;

 private:
  std::shared_ptr<Context> context_;
  VkQueryPool pool_ = VK_NULL_HANDLE;
  uint32_t count_ = 0;
  uint64_t valid_mask_ = ~uint64_t{0};
};

}  // namespace lemnos::vulkan
