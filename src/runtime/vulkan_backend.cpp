// Sessions on a Vulkan device.

#include "base/text.h"
#include "runtime/backends.h"
#include "runtime/vulkan_program.h"

namespace lemnos {

namespace {

class VulkanSession final : public Session {
 public:
  VulkanSession(const Graph& graph, std::shared_ptr<vulkan::Context> context, const OpLibrary& library,
                const SessionOptions& options)
      : graph_(graph),
        library_(library),
        memory_(std::make_shared<VulkanMemory>(graph, std::move(context), options.guard_bytes)) {}

  const DeviceInfo& info() const override { return memory_->context()->info(); }
  const Graph& graph() const override { return graph_; }

  std::unique_ptr<Program> compile(const CompileOptions& options) override {
    PlanOptions plan{.find_kernel = library_.find_kernel,
                     .force_variant = options.force_variant,
                     .guard_bytes = options.guard_bytes,
                     .share_memory = options.share_memory,
                     .memory_limit = memory_->context()->caps().memory_limit};
    for (Value v : options.targets) plan.targets.push_back(v.id());
    if (options.fuse) plan.rewrites.assign(library_.rewrites.begin(), library_.rewrites.end());
    return std::make_unique<VulkanProgram>(make_plan(graph_, memory_->context()->caps(), plan), memory_);
  }

  void write(Value value, std::span<const std::byte> bytes, size_t offset) override {
    if (const Location where = part(value, bytes.size(), offset, "write"); where.bytes) memory_->write(where, bytes);
  }
  void read(Value value, std::span<std::byte> bytes, size_t offset) override {
    if (const Location where = part(value, bytes.size(), offset, "read"); where.bytes) memory_->read(where, bytes);
  }

  DeviceCounters counters() const override {
    const vulkan::Counters& c = memory_->context()->counters();
    return {c.allocations, c.pipelines, c.command_buffers, c.submits, c.waits};
  }
  std::vector<std::string> damaged_guards() override { return memory_->damaged_guards(); }

 private:
  Location part(Value value, size_t bytes, size_t offset, const char* who) const {
    const TensorDesc& desc = value.desc();
    require(graph_.info(graph_.storage_of(value.id())).role != Role::activation, ErrorCode::not_found, who, ": value %",
            value.id(), ' ', desc, " has no memory of its own; read it from its program");
    require(bytes + offset <= desc.bytes(), ErrorCode::out_of_range, who, ": ", bytes, " bytes at ", offset, " of '",
            value.name(), "' ", desc, ", which has ", desc.bytes());
    Location where = persistent_location(graph_, value.id());
    where.offset += offset;
    where.bytes = bytes;
    return where;
  }

  const Graph& graph_;
  OpLibrary library_;
  std::shared_ptr<VulkanMemory> memory_;
};

class VulkanBackend final : public Backend {
 public:
  VulkanBackend(std::shared_ptr<vulkan::Context> context, const OpLibrary& library)
      : context_(std::move(context)), library_(library) {}

  const DeviceInfo& info() const override { return context_->info(); }
  std::unique_ptr<Session> open(const Graph& graph, const SessionOptions& options) override {
    return std::make_unique<VulkanSession>(graph, context_, library_, options);
  }
  std::vector<std::string> validation_messages() const override {
    if (!context_->messages()) return {};
    std::vector<std::string> texts;
    for (const vulkan::ValidationMessage& m : context_->messages()->messages()) texts.push_back(m.id + ": " + m.text);
    return texts;
  }

 private:
  std::shared_ptr<vulkan::Context> context_;
  OpLibrary library_;
};

}  // namespace

std::shared_ptr<Backend> make_vulkan_backend(std::shared_ptr<vulkan::Context> context, const OpLibrary& library) {
  return std::make_shared<VulkanBackend>(std::move(context), library);
}

}  // namespace lemnos
