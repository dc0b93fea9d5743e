#include "vulkan/canary.h"

#include <cstring>

#include "base/text.h"

namespace lemnos::vulkan {

namespace {
constexpr VkDeviceSize kWord = sizeof(uint32_t);
// Never what is left of the word's last use, which was kSlots submissions ago or more.
uint32_t canary_number(uint64_t value) { return static_cast<uint32_t>(value) ^ 0x5a5a5a5au; }
}  // namespace

Canary::Canary(std::shared_ptr<Context> context, QueueRole role)
    : context_(std::move(context)),
      numbers_(context_, Memory::upload, kSlots * kWord, "canary numbers"),
      written_(context_, Memory::readback, kSlots * kWord, "canary"),
      pool_(context_, role) {
  std::memset(written_.mapped(), 0, kSlots * kWord);
  (void)written_.flush();
  for (uint32_t i = 0; i < kSlots; ++i)
    commands_[i] = recorded(pool_, [&](Recorder& r) {
      r.memory_barrier(VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT, VK_ACCESS_2_MEMORY_WRITE_BIT,
                       VK_PIPELINE_STAGE_2_ALL_TRANSFER_BIT,
                       VK_ACCESS_2_TRANSFER_READ_BIT | VK_ACCESS_2_TRANSFER_WRITE_BIT);
      r.copy(numbers_.range(i * kWord, kWord), written_.range(i * kWord, kWord));
      r.memory_barrier(VK_PIPELINE_STAGE_2_ALL_TRANSFER_BIT, VK_ACCESS_2_TRANSFER_WRITE_BIT,
                       VK_PIPELINE_STAGE_2_HOST_BIT, VK_ACCESS_2_HOST_READ_BIT);
    });
}

VkCommandBuffer Canary::watch(uint64_t value, SubmissionLog::Proof& proof) {
  const std::lock_guard lock(mutex_);
  if (count_ == kSlots) return VK_NULL_HANDLE;
  const uint32_t slot = (first_ + count_++) % kSlots, number = canary_number(value);
  values_[slot] = value;
  std::memcpy(numbers_.mapped() + slot * kWord, &number, kWord);
  if (numbers_.flush(slot * kWord, kWord) == Status::ok) {
    proof = {reinterpret_cast<const volatile uint32_t*>(written_.mapped()) + slot, number};
    return commands_[slot];
  }
  --count_;
  return VK_NULL_HANDLE;
}

void Canary::take_back(uint64_t value) {
  const std::lock_guard lock(mutex_);
  if (count_ > 0 && values_[(first_ + count_ - 1) % kSlots] == value) --count_;
}

Status Canary::check(uint64_t completed) {
  const std::lock_guard lock(mutex_);
  if (count_ == 0 || values_[first_] > completed || context_->lost()) return Status::ok;
  if (const Status status = written_.invalidate(); status != Status::ok) return status;
  for (; count_ > 0 && values_[first_] <= completed; first_ = (first_ + 1) % kSlots, --count_) {
    uint32_t number = 0;
    std::memcpy(&number, written_.mapped() + first_ * kWord, kWord);
    if (number == canary_number(values_[first_])) continue;
    context_->log(LogLevel::error, text("submission ", values_[first_],
                                        " completed without its last write: the driver has reset the device and not "
                                        "said so"));
    return context_->note(VK_ERROR_DEVICE_LOST);
  }
  return Status::ok;
}

}  // namespace lemnos::vulkan
