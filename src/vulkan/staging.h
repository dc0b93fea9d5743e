// Bytes from the host to the device and back, through a ring of mapped memory, or in place where memory is unified.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "vulkan/buffer.h"
#include "vulkan/recorder.h"
#include "vulkan/timeline.h"

namespace lemnos::vulkan {

/// Ordered with everything that was submitted to `timeline` before the call. Thread-safe. Any offset and size: odd
/// ones too.
class Staging {
 public:
  /// `slot_bytes` of upload memory for each of `slots` pieces in flight, and the same of readback memory for one; made
  /// at the first use, so unified memory pays nothing.
  explicit Staging(std::shared_ptr<Timeline> timeline, VkDeviceSize slot_bytes = VkDeviceSize{4} << 20,
                   uint32_t slots = 2);
  ~Staging();

  /// Throws `out_of_range` for bytes past the end, and `out_of_memory` while it makes its ring. Returns when `bytes`
  /// may be reused; a later submission to the timeline's queue sees them. Memory that is written in place is waited for
  /// until everything submitted has completed, or until the timeline's value `free_after` where the caller knows the
  /// last submission that uses these bytes.
  Status upload(std::span<const std::byte> bytes, Buffer& to, VkDeviceSize offset = 0,
                std::optional<uint64_t> free_after = {});
  /// Waits for all that was submitted, then copies.
  Status download(const Buffer& from, VkDeviceSize offset, std::span<std::byte> bytes);
  /// Before a buffer is destroyed whose upload failed halfway.
  void finish() { (void)timeline_->finish(); }

 private:
  struct Slot {
    Buffer buffer;
    VkCommandBuffer commands = VK_NULL_HANDLE;
    uint64_t busy_until = 0;  // value of the timeline
  };
  void create_ring();
  Status download_mapped(const Buffer& from, VkDeviceSize offset, std::span<std::byte> bytes);
  Status download_piece(const Buffer& from, VkDeviceSize offset, std::span<std::byte> bytes);
  Status upload_piece(std::span<const std::byte> bytes, const Buffer& to, VkDeviceSize offset);

  std::shared_ptr<Timeline> timeline_;
  VkDeviceSize slot_bytes_;
  CommandPool pool_;
  std::mutex mutex_;
  std::vector<Slot> slots_;
  size_t next_ = 0;
  Slot readback_;
  VkCommandBuffer to_host_ = VK_NULL_HANDLE;  // only a barrier: for memory that is read in place
};

}  // namespace lemnos::vulkan
