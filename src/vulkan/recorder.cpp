#include "vulkan/recorder.h"

#include "vulkan/result.h"

namespace lemnos::vulkan {

namespace {
constexpr VkAccessFlags2 kAllAccesses = VK_ACCESS_2_MEMORY_READ_BIT | VK_ACCESS_2_MEMORY_WRITE_BIT;
}  // namespace

CommandPool::CommandPool(std::shared_ptr<Context> context, QueueRole role) : context_(std::move(context)) {
  context_->require_present("command pool");
  const VkCommandPoolCreateInfo info{.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
                                     .flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
                                     .queueFamilyIndex = context_->queue(role).family};
  check(context_->vk().vkCreateCommandPool(context_->device(), &info, context_->callbacks(), &pool_), "command pool");
}

CommandPool::~CommandPool() { context_->vk().vkDestroyCommandPool(context_->device(), pool_, context_->callbacks()); }

VkCommandBuffer CommandPool::create() {
  const VkCommandBufferAllocateInfo info{.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                                         .commandPool = pool_,
                                         .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
                                         .commandBufferCount = 1};
  VkCommandBuffer commands = VK_NULL_HANDLE;
  check(context_->vk().vkAllocateCommandBuffers(context_->device(), &info, &commands), "command buffer");
  return commands;
}

Recorder Recorder::begin(Context& context, VkCommandBuffer commands, Reuse reuse) {
  const VkCommandBufferUsageFlags usage = reuse == Reuse::once
                                              ? VkCommandBufferUsageFlags{VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT}
                                              : VkCommandBufferUsageFlags{VK_COMMAND_BUFFER_USAGE_SIMULTANEOUS_USE_BIT};
  const VkCommandBufferBeginInfo info{.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO, .flags = usage};
  check(context.vk().vkBeginCommandBuffer(commands, &info), "command buffer: begin");
  ++context.counters().command_buffers;
  return Recorder(context, commands);
}

void Recorder::end() { check(context_->vk().vkEndCommandBuffer(commands_), "command buffer: end"); }

void Recorder::dispatch(const Pipeline& pipeline, VkDescriptorSet set, std::span<const std::byte> push,
                        std::array<uint32_t, 3> groups) {
  require(push.size() == pipeline.push_bytes, ErrorCode::invalid_argument, pipeline.name, ": ", push.size(),
          " bytes of push constants for ", pipeline.push_bytes);
  const uint32_t most = context_->caps().max_workgroup_count;
  for (uint32_t count : groups) {
    if (count == 0) return;
    require(count <= most, ErrorCode::unsupported, pipeline.name, ": ", count,
            " workgroups in one dimension, and this device has ", most);
  }
  bind(pipeline, set, push);
  context_->vk().vkCmdDispatch(commands_, groups[0], groups[1], groups[2]);
  ++dispatches_;
}

void Recorder::dispatch_part(const Pipeline& pipeline, VkDescriptorSet set, std::span<const std::byte> push,
                             std::array<uint32_t, 3> base, std::array<uint32_t, 3> groups) {
  bind(pipeline, set, push);
  context_->vk().vkCmdDispatchBase(commands_, base[0], base[1], base[2], groups[0], groups[1], groups[2]);
  ++dispatches_;
}

void Recorder::dispatch_indirect(const Pipeline& pipeline, VkDescriptorSet set, std::span<const std::byte> push,
                                 const BufferRange& counts) {
  bind(pipeline, set, push);
  context_->vk().vkCmdDispatchIndirect(commands_, counts.buffer, counts.offset);
  ++dispatches_;
}

void Recorder::bind(const Pipeline& pipeline, VkDescriptorSet set, std::span<const std::byte> push) {
  const DeviceTable& vk = context_->vk();
  if (pipeline.handle != bound_pipeline_)
    vk.vkCmdBindPipeline(commands_, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline.handle);
  bound_pipeline_ = pipeline.handle;
  if (pipeline.bindings > 0 && (set != bound_set_ || pipeline.layout != bound_layout_))
    vk.vkCmdBindDescriptorSets(commands_, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline.layout, 0, 1, &set, 0, nullptr);
  bound_set_ = set;
  bound_layout_ = pipeline.layout;
  if (!push.empty())
    vk.vkCmdPushConstants(commands_, pipeline.layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, pipeline.push_bytes, push.data());
}

void Recorder::memory_barrier(VkPipelineStageFlags2 from, VkAccessFlags2 from_access, VkPipelineStageFlags2 to,
                              VkAccessFlags2 to_access) {
  const VkMemoryBarrier2 barrier{.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER_2,
                                 .srcStageMask = from,
                                 .srcAccessMask = from_access,
                                 .dstStageMask = to,
                                 .dstAccessMask = to_access};
  const VkDependencyInfo info{
      .sType = VK_STRUCTURE_TYPE_DEPENDENCY_INFO, .memoryBarrierCount = 1, .pMemoryBarriers = &barrier};
  context_->vk().vkCmdPipelineBarrier2(commands_, &info);
  ++barriers_;
}

void Recorder::barrier(bool indirect) {
  memory_barrier(kOurStages, kOurWrites,
                 kOurStages | (indirect ? VK_PIPELINE_STAGE_2_DRAW_INDIRECT_BIT : VkPipelineStageFlags2{}),
                 kOurAccesses | (indirect ? VK_ACCESS_2_INDIRECT_COMMAND_READ_BIT : VkAccessFlags2{}));
}

void Recorder::barrier_to_host() {
  memory_barrier(kOurStages, kOurWrites, VK_PIPELINE_STAGE_2_HOST_BIT, VK_ACCESS_2_HOST_READ_BIT);
}

void Recorder::barrier_all() {
  memory_barrier(VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT, VK_ACCESS_2_MEMORY_WRITE_BIT,
                 VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT, kAllAccesses);
}

void Recorder::transfer(const BufferRange& range, uint32_t from_family, uint32_t to_family) {
  const VkBufferMemoryBarrier2 barrier{.sType = VK_STRUCTURE_TYPE_BUFFER_MEMORY_BARRIER_2,
                                       .srcStageMask = VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT,
                                       .srcAccessMask = VK_ACCESS_2_MEMORY_WRITE_BIT,
                                       .dstStageMask = VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT,
                                       .dstAccessMask = VK_ACCESS_2_MEMORY_READ_BIT | VK_ACCESS_2_MEMORY_WRITE_BIT,
                                       .srcQueueFamilyIndex = from_family,
                                       .dstQueueFamilyIndex = to_family,
                                       .buffer = range.buffer,
                                       .offset = range.offset,
                                       .size = range.size};
  const VkDependencyInfo info{
      .sType = VK_STRUCTURE_TYPE_DEPENDENCY_INFO, .bufferMemoryBarrierCount = 1, .pBufferMemoryBarriers = &barrier};
  context_->vk().vkCmdPipelineBarrier2(commands_, &info);
  ++barriers_;
}

void Recorder::copy(const BufferRange& from, const BufferRange& to) {
  require(from.size == to.size, ErrorCode::invalid_argument, "copy: ", from.size, " bytes into ", to.size);
  if (from.size == 0) return;
  const VkBufferCopy region{from.offset, to.offset, from.size};
  context_->vk().vkCmdCopyBuffer(commands_, from.buffer, to.buffer, 1, &region);
}

void Recorder::fill(const BufferRange& to, uint32_t word) {
  require(to.offset % 4 == 0 && to.size % 4 == 0, ErrorCode::invalid_argument, "fill: offset ", to.offset, " and size ",
          to.size, " must be multiples of 4");
  if (to.size > 0) context_->vk().vkCmdFillBuffer(commands_, to.buffer, to.offset, to.size, word);
}

void Recorder::reset_timestamps(const Timestamps& timestamps, uint32_t first, uint32_t count) {
  context_->vk().vkCmdResetQueryPool(commands_, timestamps.handle(), first, count);
}

void Recorder::timestamp(const Timestamps& timestamps, uint32_t index) {
  context_->vk().vkCmdWriteTimestamp2(commands_, VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT, timestamps.handle(), index);
}

void Recorder::begin_label(const std::string& name) {
  if (!context_->has_debug_labels()) return;
  const VkDebugUtilsLabelEXT label{.sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_LABEL_EXT, .pLabelName = name.c_str()};
  context_->vk().vkCmdBeginDebugUtilsLabelEXT(commands_, &label);
}

void Recorder::end_label() {
  if (context_->has_debug_labels()) context_->vk().vkCmdEndDebugUtilsLabelEXT(commands_);
}

}  // namespace lemnos::vulkan
