// Whether submissions really ran: some drivers reset the device when work takes too long, leave memory unwritten, and
// report nothing. The last command of each submission writes its number, which is compared when it has completed.
#pragma once

#include <array>
#include <memory>
#include <mutex>

#include "vulkan/buffer.h"
#include "vulkan/recorder.h"
#include "vulkan/submission_log.h"

namespace lemnos::vulkan {

/// Thread-safe. Nothing allocates or records after the constructor.
class Canary {
 public:
  /// Submissions that may be under way; one more goes unwatched.
  static constexpr uint32_t kSlots = 64;

  Canary(std::shared_ptr<Context> context, QueueRole role);

  /// What to append to the submission that will signal `value`, values rising, and how one sees that it was done; null
  /// where all slots are taken.
  VkCommandBuffer watch(uint64_t value, SubmissionLog::Proof& proof);
  /// The submission of the last watch() did not reach the queue.
  void take_back(uint64_t value);
  /// Compares the numbers of all submissions up to `completed`. Where one is missing the device counts as lost.
  Status check(uint64_t completed);

 private:
  std::shared_ptr<Context> context_;
  Buffer numbers_, written_;  // a word for each slot
  CommandPool pool_;
  std::array<VkCommandBuffer, kSlots> commands_{};
  std::mutex mutex_;
  std::array<uint64_t, kSlots> values_{};  // of the submissions under way, oldest first from first_
  uint32_t first_ = 0, count_ = 0;
};

}  // namespace lemnos::vulkan
