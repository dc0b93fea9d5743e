// The order of submissions on one queue: a semaphore whose value counts them.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

#include "vulkan/context.h"

namespace lemnos::vulkan {
class Canary;
}

namespace lemnos::vulkan {

/// A semaphore of anybody's, with the value to wait for or to signal (0 for a binary one).
struct SemaphorePoint {
  VkSemaphore semaphore = VK_NULL_HANDLE;
  uint64_t value = 0;
};

struct Submission {
  Status status = Status::ok;
  uint64_t value = 0;  // wait for this; the last good one when the status is not ok
};

/// Thread-safe. On the path of submit and wait nothing throws, and nothing allocates once it has seen its largest list.
class Timeline {
 public:
  static constexpr uint64_t kForever = ~uint64_t{0};

  explicit Timeline(std::shared_ptr<Context> context, QueueRole role = QueueRole::compute);
  /// Waits for what it submitted (never for the whole device).
  ~Timeline();
  Timeline(const Timeline&) = delete;
  Timeline& operator=(const Timeline&) = delete;

  /// Submits `commands` in order, after `waits`, then signals `signals` and the next value of this timeline. A
  /// command buffer recorded with Reuse::many may stand in the list several times.
  /// `what` it runs is said where the device is lost.
  Submission submit(std::span<const VkCommandBuffer> commands, std::span<const SemaphorePoint> waits = {},
                    std::span<const SemaphorePoint> signals = {}, std::string_view what = {});

  /// The last value submitted, and the last one reached. `completed` never waits; 0 on a lost device.
  uint64_t submitted() const;
  uint64_t completed() const;
  /// `device_lost` also where a submission completed without having run to its end (canary.h). `cancelled` when
  /// `timeout_ns` nanoseconds pass first: the work goes on.
  Status wait(uint64_t value, uint64_t timeout_ns = kForever);
  /// Waits for all that was submitted here.
  Status wait_all() { return wait(submitted()); }
  /// Before anything is destroyed that was submitted here: a wait that failed for want of memory is tried again, for
  /// ten seconds, and a device that counts as lost is given one to end what it may still do.
  Status finish();

  VkSemaphore semaphore() const { return semaphore_; }
  const std::shared_ptr<Context>& context() const { return context_; }

 private:
  std::shared_ptr<Context> context_;
  QueueRole role_;
  std::unique_ptr<Canary> canary_;
  VkSemaphore semaphore_ = VK_NULL_HANDLE;
  mutable std::mutex mutex_;
  uint64_t submitted_ = 0;
  std::atomic<bool> left_alone_{false};  // a lost device has had its second
  std::vector<VkCommandBufferSubmitInfo> command_infos_;
  std::vector<VkSemaphoreSubmitInfo> wait_infos_, signal_infos_;
};

}  // namespace lemnos::vulkan
