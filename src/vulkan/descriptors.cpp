#include "vulkan/descriptors.h"

#include <algorithm>
#include <vector>

#include "vulkan/result.h"

namespace lemnos::vulkan {

DescriptorPool::DescriptorPool(std::shared_ptr<Context> context, uint32_t sets, uint32_t descriptors)
    : context_(std::move(context)) {
  // Vulkan knows no empty pool; a program without a dispatch still has one.
  const VkDescriptorPoolSize size{VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, std::max(descriptors, 1u)};
  const VkDescriptorPoolCreateInfo info{.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
                                        .maxSets = std::max(sets, 1u),
                                        .poolSizeCount = 1,
                                        .pPoolSizes = &size};
  check(context_->vk().vkCreateDescriptorPool(context_->device(), &info, context_->callbacks(), &pool_),
        "descriptor pool of ", sets, " sets");
}

DescriptorPool::~DescriptorPool() {
  context_->vk().vkDestroyDescriptorPool(context_->device(), pool_, context_->callbacks());
}

VkDescriptorSet DescriptorPool::create(const Pipeline& pipeline, std::span<const BufferRange> buffers) {
  const DeviceCaps& caps = context_->caps();
  require(buffers.size() == pipeline.bindings, ErrorCode::invalid_argument, pipeline.name, ": ", buffers.size(),
          " buffers for ", pipeline.bindings, " bindings");
  std::vector<VkDescriptorBufferInfo> infos;
  std::vector<VkWriteDescriptorSet> writes;
  infos.reserve(buffers.size());
  for (const BufferRange& range : buffers) {
    const size_t binding = infos.size();
    require(range.size > 0, ErrorCode::invalid_argument, pipeline.name, ": binding ", binding, " has 0 bytes");
    require(range.offset % caps.min_storage_offset_alignment == 0, ErrorCode::invalid_argument, pipeline.name,
            ": binding ", binding, " begins at byte ", range.offset, ", which is not a multiple of ",
            caps.min_storage_offset_alignment);
    require(range.size <= caps.max_storage_range, ErrorCode::unsupported, pipeline.name, ": binding ", binding, " has ",
            range.size, " bytes, and one binding of this device spans ", caps.max_storage_range);
    infos.push_back({range.buffer, range.offset, range.size});
  }
  const VkDescriptorSetAllocateInfo info{.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
                                         .descriptorPool = pool_,
                                         .descriptorSetCount = 1,
                                         .pSetLayouts = &pipeline.set_layout};
  VkDescriptorSet set = VK_NULL_HANDLE;
  check(context_->vk().vkAllocateDescriptorSets(context_->device(), &info, &set), pipeline.name, ": descriptor set");
  for (uint32_t binding = 0; binding < infos.size(); ++binding)
    writes.push_back({.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
                      .dstSet = set,
                      .dstBinding = binding,
                      .descriptorCount = 1,
                      .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
                      .pBufferInfo = &infos[binding]});
  context_->vk().vkUpdateDescriptorSets(context_->device(), static_cast<uint32_t>(writes.size()), writes.data(), 0,
                                        nullptr);
  return set;
}

}  // namespace lemnos::vulkan
