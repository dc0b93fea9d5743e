// Published weights: copies of the parameters that change only between steps, for readers that must never see half an
// update.
#pragma once

#include <vector>

#include "runtime/vulkan_memory.h"
#include "vulkan/recorder.h"

namespace lemnos {

/// A ring of copies. Making one allocates; everything else does not.
class VulkanPublication {
 public:
  VulkanPublication(VulkanMemory& memory, vulkan::CommandPool& pool, uint32_t copies);

  struct Newest {
    vulkan::BufferRange range;  // the parameter arena
    uint64_t steps = 0;         // after so many of them
    uint64_t value = 0;         // of the session's timeline; 0: an application's command buffer brings it
  };
  Newest newest() const { return newest_; }
  /// The commands that fill the next copy. Follow with `published`.
  VkCommandBuffer commands() const { return copies_[next_].commands; }
  void record(vulkan::Recorder& recorder) const { record(recorder, copies_[next_].buffer); }
  void published(uint64_t steps, uint64_t value);

 private:
  struct Copy {
    vulkan::Buffer buffer;
    VkCommandBuffer commands = VK_NULL_HANDLE;
  };
  void record(vulkan::Recorder& recorder, const vulkan::Buffer& to) const;

  vulkan::BufferRange from_;
  std::vector<Copy> copies_;
  size_t next_ = 0;
  Newest newest_;
};

}  // namespace lemnos
