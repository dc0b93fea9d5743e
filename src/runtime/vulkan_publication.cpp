#include "runtime/vulkan_publication.h"

#include "base/text.h"

namespace lemnos {

VulkanPublication::VulkanPublication(VulkanMemory& memory, vulkan::CommandPool& pool, uint32_t copies)
    : from_(memory.parameters()) {
  require(copies >= 1 && copies <= 16, ErrorCode::out_of_range, "publish: ", copies, " copies, expected 1 to 16");
  for (uint32_t i = 0; i < copies; ++i) {
    Copy copy;
    copy.buffer = vulkan::Buffer(memory.context(), vulkan::Memory::device, from_.size, text("published ", i));
    copy.commands = vulkan::recorded(pool, [&](vulkan::Recorder& r) { record(r, copy.buffer); });
    copies_.push_back(std::move(copy));
  }
  // The weights as they are now: a reader finds something from the first frame on.
  const vulkan::Submission sent = memory.timeline().submit({&copies_[0].commands, 1});
  require_ok(sent.status, "publish");
  published(0, sent.value);
}

// Before it, whatever still reads the copy that is filled: kernels of ours, or an application's draw.
void VulkanPublication::record(vulkan::Recorder& recorder, const vulkan::Buffer& to) const {
  recorder.memory_barrier(VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT, vulkan::Recorder::kOurWrites,
                          VK_PIPELINE_STAGE_2_ALL_TRANSFER_BIT,
                          VK_ACCESS_2_TRANSFER_READ_BIT | VK_ACCESS_2_TRANSFER_WRITE_BIT);
  recorder.copy(from_, {to.handle(), 0, from_.size});
  recorder.memory_barrier(VK_PIPELINE_STAGE_2_ALL_TRANSFER_BIT, VK_ACCESS_2_TRANSFER_WRITE_BIT,
                          VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT, VK_ACCESS_2_MEMORY_READ_BIT);
}

void VulkanPublication::published(uint64_t steps, uint64_t value) {
  newest_ = {{copies_[next_].buffer.handle(), 0, from_.size}, steps, value};
  next_ = (next_ + 1) % copies_.size();
}

}  // namespace lemnos
