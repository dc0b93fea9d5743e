// Writes commands: into a command buffer of our own, or at the end of an application's.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "vulkan/buffer.h"
#include "vulkan/timestamps.h"

namespace lemnos::vulkan {

/// Owns command buffers. One thread at a time; all of them must have completed before it goes.
class CommandPool {
 public:
  explicit CommandPool(std::shared_ptr<Context> context, QueueRole role = QueueRole::compute);
  ~CommandPool();
  CommandPool(const CommandPool&) = delete;
  CommandPool& operator=(const CommandPool&) = delete;

  VkCommandBuffer create();
  const std::shared_ptr<Context>& context() const { return context_; }

 private:
  std::shared_ptr<Context> context_;
  VkCommandPool pool_ = VK_NULL_HANDLE;
};

/// How a command buffer will be submitted.
enum class Reuse { once, many };

/// Nothing here waits, submits or allocates. The recorder remembers what is bound and leaves out repeated binds.
class Recorder {
 public:
  /// Begins `commands`, which was made by a CommandPool; `many` allows it to be pending several times at once.
  static Recorder begin(Context& context, VkCommandBuffer commands, Reuse reuse);
  /// Appends to a command buffer that the caller has begun outside a render pass. Compute bindings and push constants
  /// of the caller are overwritten; nothing else is touched.
  Recorder(Context& context, VkCommandBuffer commands) : context_(&context), commands_(commands) {}

  /// Ends a command buffer that was begun here. Throws `out_of_memory`.
  void end();
  VkCommandBuffer commands() const { return commands_; }

  /// `push.size()` must be the pipeline's push_bytes; an empty dispatch (a zero in `groups`) records nothing.
  void dispatch(const Pipeline& pipeline, VkDescriptorSet set, std::span<const std::byte> push,
                std::array<uint32_t, 3> groups);
  /// Workgroups [base, base + groups) of a dispatch whose pipeline is splittable. Checks nothing and never throws.
  void dispatch_part(const Pipeline& pipeline, VkDescriptorSet set, std::span<const std::byte> push,
                     std::array<uint32_t, 3> base, std::array<uint32_t, 3> groups);

  /// As dispatch, of as many workgroups as the three words at `counts` say when it is executed. Never throws.
  void dispatch_indirect(const Pipeline& pipeline, VkDescriptorSet set, std::span<const std::byte> push,
                         const BufferRange& counts);

  /// Everything before (kernels, copies, fills) happens before everything after, with its memory. `indirect`: counts of
  /// dispatch_indirect after it were written before it.
  void barrier(bool indirect = false);
  /// Makes what the device wrote visible to a host that has waited for the submission.
  void barrier_to_host();
  /// Orders all earlier work on the queue, graphics included, before what follows, and the reverse: what to put where
  /// an application's commands and ours meet.
  void barrier_all();
  /// Any other pair of scopes, in one global memory barrier.
  void memory_barrier(VkPipelineStageFlags2 from, VkAccessFlags2 from_access, VkPipelineStageFlags2 to,
                      VkAccessFlags2 to_access);
  /// What kernels and copies of ours do, and what they write.
  static constexpr VkPipelineStageFlags2 kOurStages =
      VK_PIPELINE_STAGE_2_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_2_ALL_TRANSFER_BIT;
  static constexpr VkAccessFlags2 kOurWrites = VK_ACCESS_2_SHADER_STORAGE_WRITE_BIT | VK_ACCESS_2_TRANSFER_WRITE_BIT;
  static constexpr VkAccessFlags2 kOurAccesses =
      kOurWrites | VK_ACCESS_2_SHADER_STORAGE_READ_BIT | VK_ACCESS_2_TRANSFER_READ_BIT;

  /// Hands a range over from one queue family to another, VK_QUEUE_FAMILY_EXTERNAL among them, with what was written.
  void transfer(const BufferRange& range, uint32_t from_family, uint32_t to_family);

  /// Sizes must agree. Copies in one command buffer are not ordered without a barrier.
  void copy(const BufferRange& from, const BufferRange& to);
  /// Offset and size are multiples of 4.
  void fill(const BufferRange& to, uint32_t word);

  void reset_timestamps(const Timestamps& timestamps, uint32_t first, uint32_t count);
  /// Written when everything before it has completed.
  void timestamp(const Timestamps& timestamps, uint32_t index);

  void begin_label(const std::string& name);
  void end_label();

  uint32_t dispatches() const { return dispatches_; }
  uint32_t barriers() const { return barriers_; }

 private:
  void bind(const Pipeline& pipeline, VkDescriptorSet set, std::span<const std::byte> push);

  Context* context_;
  VkCommandBuffer commands_;
  VkPipeline bound_pipeline_ = VK_NULL_HANDLE;
  VkDescriptorSet bound_set_ = VK_NULL_HANDLE;
  VkPipelineLayout bound_layout_ = VK_NULL_HANDLE;
  uint32_t dispatches_ = 0;
  uint32_t barriers_ = 0;
};

/// A command buffer of `pool` that holds what `record(recorder)` writes, for Reuse::many.
template <typename Record>
VkCommandBuffer recorded(CommandPool& pool, Record record) {
  const VkCommandBuffer commands = pool.create();
  Recorder recorder = Recorder::begin(*pool.context(), commands, Reuse::many);
  record(recorder);
  recorder.end();
  return commands;
}

}  // namespace lemnos::vulkan
