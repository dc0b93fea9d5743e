// A session on a Vulkan device.
#pragma once

#include "lemnos/session.h"
#include "plan/plan.h"
#include "runtime/op_library.h"
#include "runtime/vulkan_memory.h"

namespace lemnos {

class VulkanSession final : public Session {
 public:
  VulkanSession(const Graph& graph, std::shared_ptr<vulkan::Context> context, const OpLibrary& library,
                const SessionOptions& options);

  const DeviceInfo& info() const override { return memory_->context()->info(); }
  const Graph& graph() const override { return graph_; }
  std::unique_ptr<Program> compile(const CompileOptions& options) override;
  void write(Value value, std::span<const std::byte> bytes, size_t offset) override;
  uint64_t handed_over() const override { return memory_->timeline().submitted(); }
  void write_after(uint64_t after, Value value, std::span<const std::byte> bytes, size_t offset) override;
  void read(Value value, std::span<std::byte> bytes, size_t offset) override;
  DeviceCounters counters() const override;
  std::vector<std::string> damaged_guards() override { return memory_->damaged_guards(); }

  /// What of an application's device is shared: see VulkanMemory::bind.
  void bind(Value value, const vulkan::BufferRange& place);
  /// Where a persistent value lies.
  vulkan::BufferRange range_of(Value value);
  VulkanMemory& memory() { return *memory_; }

 private:
  void tune_plan(PlanOptions options, Tuning& tuning, double seconds) const;
  Location part(Value value, size_t bytes, size_t offset, const char* who) const;

  const Graph& graph_;
  OpLibrary library_;
  std::shared_ptr<VulkanMemory> memory_;
};

}  // namespace lemnos
