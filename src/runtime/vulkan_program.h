// A plan on a Vulkan device: one command buffer that is submitted again and again, and for those who have only part of
// a frame to give, its segments.
#pragma once

#include <memory>
#include <vector>

#include "lemnos/session.h"
#include "runtime/vulkan_launches.h"
#include "runtime/vulkan_profiler.h"
#include "runtime/vulkan_steps.h"

namespace lemnos {

class VulkanProgram final : public Program {
 public:
  VulkanProgram(Plan plan, std::shared_ptr<VulkanMemory> memory, double segment_microseconds);
  ~VulkanProgram() override;

  Status run(uint32_t steps) override;
  Status advance(const Budget& budget, Advanced* done) override;
  void cancel() override {
    if (steps_) steps_->cancel();
  }
  double step_microseconds() const override;
  Status wait() override;
  Profile profile(uint32_t steps) override;
  void read(Value value, std::span<std::byte> bytes) override;
  PlanSummary summary() const override;
  std::string describe() const override { return to_string(plan_); }
  void poison() override;
  std::vector<std::string> damaged_guards() override;

  /// The steps in segments. Throws `invalid_argument` for a program that launches nothing.
  VulkanSteps& steps();
  /// Where a target or a persistent value lies. Throws `not_found` for a value that the program does not keep.
  vulkan::BufferRange range_of(Value value);
  VulkanMemory& memory() { return *memory_; }
  const Plan& plan() const { return plan_; }

 private:
  void require_room() const;
  void cut(double slowness);  // into segments, and the step as a whole
  Status cut_if_slow();
  Profile empty_profile(uint32_t steps) const;
  Location kept_location(Value value, const char* who) const;

  Plan plan_;
  std::shared_ptr<VulkanMemory> memory_;
  double segment_microseconds_;
  vulkan::Buffer activations_;
  vulkan::CommandPool pool_;
  std::unique_ptr<VulkanLaunches> launches_;  // null: nothing to launch
  std::vector<VkCommandBuffer> repeated_;     // the same one, as often as a run may ask in one submission
  std::unique_ptr<VulkanSteps> steps_;
  std::unique_ptr<VulkanProfiler> profiler_;  // from the first profile() on
  uint64_t total_steps_ = 0;
  bool cut_again_ = false;
};

}  // namespace lemnos
