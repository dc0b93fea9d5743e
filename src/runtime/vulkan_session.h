// A session on a Vulkan device.
#pragma once

#include <map>

#include "lemnos/session.h"
#include "plan/plan.h"
#include "runtime/op_library.h"
#include "runtime/vulkan_memory.h"
#include "runtime/vulkan_self_test.h"

namespace lemnos {

class VulkanSession final : public Session {
 public:
  VulkanSession(std::shared_ptr<ModelState> state, std::shared_ptr<vulkan::Context> context, const OpLibrary& library,
                const SessionOptions& options, std::shared_ptr<VulkanSelfTest> self_test = {});

  const DeviceInfo& info() const override { return state_->context()->info(); }
  const std::shared_ptr<ModelState>& state() const override { return state_->layout(); }
  std::unique_ptr<Program> compile(const CompileOptions& options) override;
  void write(Value value, std::span<const std::byte> bytes, size_t offset) override;
  uint64_t handed_over() const override { return state_->timeline().submitted(); }
  void write_after(uint64_t after, Value value, std::span<const std::byte> bytes, size_t offset) override;
  void read(Value value, std::span<std::byte> bytes, size_t offset) override;
  DeviceCounters counters() const override;
  std::vector<std::string> damaged_guards() override;

  /// What of an application's device is shared: see VulkanArenas::bind.
  void bind(Value value, const vulkan::BufferRange& place);
  /// Where a value lies that outlives a step.
  vulkan::BufferRange range_of(Value value);
  VulkanState& device_state() { return *state_; }

 private:
  /// The memory of a graph: kept as long as the graph or a program of it is there.
  const std::shared_ptr<VulkanMemory>& memory_of(const Graph& graph);
  /// The range, in memory that is there.
  Location part(Value value, size_t bytes, size_t offset, const char* who);

  OpLibrary library_;
  std::shared_ptr<VulkanSelfTest> self_test_;  // null: nothing is proven first, as for the proofs themselves
  std::shared_ptr<VulkanState> state_;
  std::map<std::weak_ptr<const void>, std::shared_ptr<VulkanMemory>, std::owner_less<>> memories_;
};

}  // namespace lemnos
