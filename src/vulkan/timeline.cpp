#include "vulkan/timeline.h"

#include <chrono>
#include <new>
#include <thread>

#include "vulkan/canary.h"
#include "vulkan/result.h"

namespace lemnos::vulkan {

namespace {
constexpr size_t kUsualCommands = 64;
constexpr size_t kUsualPoints = 8;
constexpr uint64_t kSecond = 1'000'000'000;
constexpr int kMostTries = 10'000;  // a millisecond each

VkSemaphoreSubmitInfo submit_info(const SemaphorePoint& point) {
  return {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_SUBMIT_INFO,
          .semaphore = point.semaphore,
          .value = point.value,
          .stageMask = VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT};
}
}  // namespace

Timeline::Timeline(std::shared_ptr<Context> context, QueueRole role)
    : context_(std::move(context)), role_(role), canary_(std::make_unique<Canary>(context_, role)) {
  command_infos_.reserve(kUsualCommands);
  wait_infos_.reserve(kUsualPoints);
  signal_infos_.reserve(kUsualPoints + 1);
  const VkSemaphoreTypeCreateInfo type{.sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
                                       .semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE};
  const VkSemaphoreCreateInfo info{.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, .pNext = &type};
  check(context_->vk().vkCreateSemaphore(context_->device(), &info, context_->callbacks(), &semaphore_), "timeline");
}

Timeline::~Timeline() {
  (void)finish();
  context_->submissions().forget(this);
  context_->vk().vkDestroySemaphore(context_->device(), semaphore_, context_->callbacks());
}

Status Timeline::finish() {
  Status status = wait_all();
  for (int tries = 0; status == Status::out_of_memory && tries < kMostTries; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    status = wait_all();
  }
  const uint64_t last = submitted();
  if (status != Status::device_lost || last == 0 || left_alone_.exchange(true)) return status;
  // A driver that reset the device without a word goes on with what was submitted later; one that lost it says so.
  const VkSemaphoreWaitInfo info{.sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO,
                                 .semaphoreCount = 1,
                                 .pSemaphores = &semaphore_,
                                 .pValues = &last};
  (void)context_->vk().vkWaitSemaphores(context_->device(), &info, kSecond);
  return status;
}

Submission Timeline::submit(std::span<const VkCommandBuffer> commands, std::span<const SemaphorePoint> waits,
                            std::span<const SemaphorePoint> signals, std::string_view what) {
  // The lock spans the submission itself: the values of a timeline must reach the queue in order.
  const std::lock_guard lock(mutex_);
  VkCommandBuffer last = VK_NULL_HANDLE;
  SubmissionLog::Proof proof;
  try {
    command_infos_.clear();
    wait_infos_.clear();
    signal_infos_.clear();
    for (VkCommandBuffer buffer : commands)
      command_infos_.push_back({.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_SUBMIT_INFO, .commandBuffer = buffer});
    if (!commands.empty()) last = canary_->watch(submitted_ + 1, proof);
    if (last) command_infos_.push_back({.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_SUBMIT_INFO, .commandBuffer = last});
    for (const SemaphorePoint& point : waits) wait_infos_.push_back(submit_info(point));
    for (const SemaphorePoint& point : signals) signal_infos_.push_back(submit_info(point));
    signal_infos_.push_back(submit_info({semaphore_, submitted_ + 1}));
  } catch (const std::bad_alloc&) {
    canary_->take_back(submitted_ + 1);
    return {Status::out_of_memory, submitted_};
  }
  const VkSubmitInfo2 info{.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO_2,
                           .waitSemaphoreInfoCount = static_cast<uint32_t>(wait_infos_.size()),
                           .pWaitSemaphoreInfos = wait_infos_.data(),
                           .commandBufferInfoCount = static_cast<uint32_t>(command_infos_.size()),
                           .pCommandBufferInfos = command_infos_.data(),
                           .signalSemaphoreInfoCount = static_cast<uint32_t>(signal_infos_.size()),
                           .pSignalSemaphoreInfos = signal_infos_.data()};
  // Before it goes: the call that is told of a loss reports it.
  if (!commands.empty() && !context_->lost()) context_->submissions().add(this, submitted_ + 1, what, proof);
  const Status status = context_->submit(info, role_);
  if (status == Status::ok) {
    ++submitted_;
  } else {
    canary_->take_back(submitted_ + 1);
    if (!context_->lost()) context_->submissions().refused(this, submitted_ + 1);
  }
  return {status, submitted_};
}

uint64_t Timeline::submitted() const {
  const std::lock_guard lock(mutex_);
  return submitted_;
}

uint64_t Timeline::completed() const {
  uint64_t value = 0;
  if (context_->note(context_->vk().vkGetSemaphoreCounterValue(context_->device(), semaphore_, &value)) != Status::ok)
    return 0;
  return canary_->check(value) == Status::ok ? value : 0;
}

Status Timeline::wait(uint64_t value, uint64_t timeout_ns) {
  if (context_->lost()) return Status::device_lost;
  const VkSemaphoreWaitInfo info{.sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO,
                                 .semaphoreCount = 1,
                                 .pSemaphores = &semaphore_,
                                 .pValues = &value};
  if (value == 0) return Status::ok;
  ++context_->counters().waits;
  const Status status = context_->note(context_->vk().vkWaitSemaphores(context_->device(), &info, timeout_ns));
  return status == Status::ok ? canary_->check(value) : status;
}

}  // namespace lemnos::vulkan
