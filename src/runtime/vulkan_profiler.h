// One step of a program with a timestamp after every launch.
#pragma once

#include <memory>
#include <vector>

#include "base/stopwatch.h"
#include "lemnos/profile.h"
#include "runtime/vulkan_launches.h"
#include "runtime/vulkan_memory.h"

namespace lemnos {

class VulkanProfiler {
 public:
  /// Records the step. Throws `unsupported` on a queue without timestamps.
  VulkanProfiler(const VulkanLaunches& launches, VulkanMemory& memory, vulkan::CommandPool& pool);

  /// Runs the step once, `whole` or a submission for each segment, and adds its times to `profile`, whose launches
  /// stand in the order of execution, those of a loop with the sum over its iterations. Throws what a failed submission
  /// means.
  void step(Profile& profile, const Stopwatch& clock, bool whole);

 private:
  const VulkanLaunches& launches_;
  VulkanMemory& memory_;
  vulkan::Timestamps timestamps_;
  std::vector<VkCommandBuffer> segments_;
};

}  // namespace lemnos
