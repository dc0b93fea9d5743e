// Sessions on a Vulkan device.

#include "base/text.h"
#include "runtime/backends.h"
#include "runtime/tuner.h"
#include "runtime/value_id.h"
#include "runtime/vulkan_program.h"
#include "runtime/vulkan_session.h"

namespace lemnos {

VulkanSession::VulkanSession(const Graph& graph, std::shared_ptr<vulkan::Context> context, const OpLibrary& library,
                             const SessionOptions& options)
    : graph_(graph),
      library_(library),
      memory_(std::make_shared<VulkanMemory>(graph, std::move(context), options.guard_bytes)) {}

std::unique_ptr<Program> VulkanSession::compile(const CompileOptions& options) {
  PlanOptions plan{.find_kernel = library_.find_kernel,
                   .force_variant = options.force_variant,
                   .tuning = options.tuning,
                   .guard_bytes = options.guard_bytes,
                   .share_memory = options.share_memory,
                   .recompute = options.recompute,
                   .memory_limit = memory_->context()->caps().memory_limit};
  for (Value v : options.targets) plan.targets.push_back(id_in(graph_, v, "compile"));
  if (options.fuse) plan.rewrites.assign(library_.rewrites.begin(), library_.rewrites.end());
  if (options.tuning && options.tune_seconds > 0) tune_plan(plan, *options.tuning, options.tune_seconds);
  return std::make_unique<VulkanProgram>(make_plan(graph_, memory_->context()->caps(), plan), memory_,
                                         options.segment_microseconds);
}

void VulkanSession::tune_plan(PlanOptions options, Tuning& tuning, double seconds) const {
  options.tuning = nullptr;
  const std::shared_ptr<vulkan::Context>& context = memory_->context();
  Tuner tuner(
      [&](const Graph& graph) { return std::make_unique<VulkanSession>(graph, context, library_, SessionOptions{}); },
      context->caps(), library_.find_kernel);
  tuner.tune(make_plan(graph_, context->caps(), options), tuning, seconds);
}

void VulkanSession::write(Value value, std::span<const std::byte> bytes, size_t offset) {
  if (const Location where = part(value, bytes.size(), offset, "write"); where.bytes) memory_->write(where, bytes);
}

void VulkanSession::write_after(uint64_t after, Value value, std::span<const std::byte> bytes, size_t offset) {
  if (const Location where = part(value, bytes.size(), offset, "write_after"); where.bytes)
    memory_->write(where, bytes, after);
}

void VulkanSession::read(Value value, std::span<std::byte> bytes, size_t offset) {
  if (const Location where = part(value, bytes.size(), offset, "read"); where.bytes) memory_->read(where, bytes);
}

DeviceCounters VulkanSession::counters() const {
  const vulkan::Counters& c = memory_->context()->counters();
  return {c.allocations, c.pipelines, c.command_buffers, c.submits, c.waits};
}

void VulkanSession::bind(Value value, const vulkan::BufferRange& place) {
  memory_->bind(part(value, 0, 0, "bind").arena, place);
}

vulkan::BufferRange VulkanSession::range_of(Value value) {
  (void)id_in(graph_, value, "export");
  return memory_->range(part(value, value.desc().bytes(), 0, "export"));
}

Location VulkanSession::part(Value value, size_t bytes, size_t offset, const char* who) const {
  const int id = id_in(graph_, value, who);
  const TensorDesc& desc = value.desc();
  require(graph_.info(graph_.storage_of(id)).role != Role::activation, ErrorCode::not_found, who, ": value %", id, ' ',
          desc, " has no memory of its own; read it from its program");
  require(bytes + offset <= desc.bytes(), ErrorCode::out_of_range, who, ": ", bytes, " bytes at ", offset, " of '",
          value.name(), "' ", desc, ", which has ", desc.bytes());
  Location where = persistent_location(graph_, id);
  where.offset += offset;
  where.bytes = bytes;
  return where;
}

namespace {

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
