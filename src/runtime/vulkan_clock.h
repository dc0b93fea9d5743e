// How long batches of segments took on the device: a ring of pairs of timestamps, read when they are there.
#pragma once

#include <array>
#include <optional>

#include "base/stopwatch.h"
#include "runtime/pace.h"
#include "vulkan/recorder.h"
#include "vulkan/timeline.h"

namespace lemnos {

/// Where the device has no timestamps the host's clock stands in, which sees too much rather than too little. Nothing
/// here allocates after the constructor, and nothing waits.
class VulkanClock {
 public:
  static constexpr uint32_t kSlots = 16;
  /// A batch that is not timed: every slot is in use.
  static constexpr uint32_t kNone = ~uint32_t{0};

  /// Submits to `timeline` and waits once, so that every query has a defined state.
  VulkanClock(vulkan::Timeline& timeline, vulkan::CommandPool& pool);

  /// A slot for a batch of segments [first, first + count). In an application's command buffer (`foreign`) the oldest
  /// of its kind is taken over when none is free: it may never have been submitted.
  uint32_t open(bool foreign);
  /// Command buffers to be submitted before and after a batch; null where there is nothing to do.
  VkCommandBuffer before(uint32_t slot) const { return slots_[slot].before; }
  VkCommandBuffer after(uint32_t slot) const { return slots_[slot].after; }
  void record_before(vulkan::Recorder& recorder, uint32_t slot) const;
  void record_after(vulkan::Recorder& recorder, uint32_t slot) const;
  /// The batch of `slot` is on its way; `value` of the timeline says when it is done (foreign: not known).
  void sent(uint32_t slot, size_t first, size_t count, uint64_t value);
  void close(uint32_t slot) { slots_[slot].state = State::unused; }
  /// Tells `pace` of every batch that has completed.
  void poll(vulkan::Timeline& timeline, Pace& pace);
  /// Slots that another batch could take now.
  uint32_t unused() const;

 private:
  enum class State : uint8_t { unused, opened, own, foreign };
  struct Slot {
    State state = State::unused;
    VkCommandBuffer before = VK_NULL_HANDLE, after = VK_NULL_HANDLE;
    size_t first = 0, count = 0;
    uint64_t value = 0, order = 0;
    uint64_t last_begin = 0;  // a foreign batch that has not run yet still shows the times of the one before
    Stopwatch sent;
  };
  bool read(Slot& slot, uint32_t index, double& microseconds) const;

  std::optional<vulkan::Timestamps> timestamps_;
  std::array<Slot, kSlots> slots_;
  uint64_t orders_ = 0;
};

}  // namespace lemnos
