// A plan recorded for a Vulkan device: pipelines, descriptor sets, one command buffer that is submitted again and
// again.
#pragma once

#include <memory>
#include <vector>

#include "lemnos/session.h"
#include "runtime/vulkan_memory.h"
#include "vulkan/descriptors.h"
#include "vulkan/recorder.h"

namespace lemnos {

class VulkanProgram final : public Program {
 public:
  VulkanProgram(Plan plan, std::shared_ptr<VulkanMemory> memory);
  ~VulkanProgram() override;

  Status run(uint32_t steps) override;
  Status wait() override;
  void read(Value value, std::span<std::byte> bytes) override;
  PlanSummary summary() const override;
  std::string describe() const override { return to_string(plan_); }
  void poison() override;
  std::vector<std::string> damaged_guards() override;

 private:
  vulkan::BufferRange range(const Location& where);
  std::vector<const vulkan::Pipeline*> make_pipelines();
  void record(std::span<const vulkan::Pipeline* const> pipelines);

  Plan plan_;
  std::shared_ptr<VulkanMemory> memory_;
  vulkan::Buffer activations_;
  std::unique_ptr<vulkan::DescriptorPool> descriptors_;
  vulkan::CommandPool pool_;
  VkCommandBuffer commands_ = VK_NULL_HANDLE;
  std::vector<VkCommandBuffer> repeated_;  // the same one, as often as a run may ask in one submission
};

}  // namespace lemnos
