#include "vulkan/timestamps.h"

#include <vector>

#include "vulkan/result.h"

namespace lemnos::vulkan {

namespace {
uint64_t mask_of(const Context& context) {
  uint32_t count = 0;
  const InstanceTable& vk = context.instance_vk();
  vk.vkGetPhysicalDeviceQueueFamilyProperties(context.physical_device(), &count, nullptr);
  std::vector<VkQueueFamilyProperties> families(count);
  vk.vkGetPhysicalDeviceQueueFamilyProperties(context.physical_device(), &count, families.data());
  const uint32_t bits = families[context.queue().family].timestampValidBits;
  return bits >= 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1;
}
}  // namespace

Timestamps::Timestamps(std::shared_ptr<Context> context, uint32_t count) : context_(std::move(context)), count_(count) {
  require(context_->caps().timestamp_period > 0, ErrorCode::unsupported, "timestamps: the queue of ",
          context_->info().name, " has none");
  require(count > 0, ErrorCode::invalid_argument, "timestamps: a pool of 0");
  valid_mask_ = mask_of(*context_);
  const VkQueryPoolCreateInfo info{
      .sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO, .queryType = VK_QUERY_TYPE_TIMESTAMP, .queryCount = count};
  check(context_->vk().vkCreateQueryPool(context_->device(), &info, context_->callbacks(), &pool_),
        "timestamps: a pool of ", count);
}

Timestamps::~Timestamps() { context_->vk().vkDestroyQueryPool(context_->device(), pool_, context_->callbacks()); }

Status Timestamps::read(uint32_t first, std::span<uint64_t> ticks) const {
  if (ticks.empty()) return Status::ok;
  require(first <= count_ && ticks.size() <= count_ - first, ErrorCode::out_of_range, "timestamps: ", first, " to ",
          first + ticks.size(), " of ", count_);
  const VkResult result =
      context_->vk().vkGetQueryPoolResults(context_->device(), pool_, first, static_cast<uint32_t>(ticks.size()),
                                           ticks.size_bytes(), ticks.data(), sizeof(uint64_t), VK_QUERY_RESULT_64_BIT);
  return context_->note(result);
}

double Timestamps::nanoseconds(uint64_t begin, uint64_t end) const {
  return static_cast<double>((end - begin) & valid_mask_) * context_->caps().timestamp_period;
}

}  // namespace lemnos::vulkan
