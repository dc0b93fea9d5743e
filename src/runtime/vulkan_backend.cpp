// Sessions on a Vulkan device.

#include "runtime/backends.h"
#include "runtime/compilation.h"
#include "runtime/vulkan_program.h"
#include "runtime/vulkan_session.h"
#include "vulkan/instance.h"
#include "vulkan/owned_device.h"
#include "vulkan/self_test_file.h"

namespace lemnos {

VulkanSession::VulkanSession(std::shared_ptr<ModelState> state, std::shared_ptr<vulkan::Context> context,
                             const OpLibrary& library, const SessionOptions& options,
                             std::shared_ptr<VulkanSelfTest> self_test)
    : library_(library),
      self_test_(std::move(self_test)),
      state_(std::make_shared<VulkanState>(std::move(state), std::move(context), options.guard_bytes)) {}

const std::shared_ptr<VulkanMemory>& VulkanSession::memory_of(const Graph& graph) {
  std::erase_if(memories_, [](const auto& entry) { return entry.first.expired(); });
  std::shared_ptr<VulkanMemory>& memory = memories_[graph.identity()];
  if (!memory) memory = std::make_shared<VulkanMemory>(state_);
  return memory;
}

std::unique_ptr<Program> VulkanSession::compile(const CompileOptions& options) {
  const Compilation wanted(state(), options);
  state_->drop_unused();
  const Tuner::Open open = [&](const Graph& sample) {
    return std::make_unique<VulkanSession>(sample.state(), state_->context(), library_, SessionOptions{});
  };
  const auto make = [&] { return wanted.plan(library_, state_->context()->caps(), open); };
  return std::make_unique<VulkanProgram>(self_test_ ? self_test_->proven(make) : make(), memory_of(wanted.graph()),
                                         options.segment_microseconds);
}

void VulkanSession::write(Value value, std::span<const std::byte> bytes, size_t offset) {
  if (const Location where = part(value, bytes.size(), offset, "write"); where.bytes)
    memory_of(value.graph())->write(where, bytes);
}

void VulkanSession::write_after(uint64_t after, Value value, std::span<const std::byte> bytes, size_t offset) {
  if (const Location where = part(value, bytes.size(), offset, "write_after"); where.bytes)
    memory_of(value.graph())->write(where, bytes, after);
}

void VulkanSession::read(Value value, std::span<std::byte> bytes, size_t offset) {
  if (const Location where = part(value, bytes.size(), offset, "read"); where.bytes)
    memory_of(value.graph())->read(where, bytes);
}

DeviceCounters VulkanSession::counters() const {
  const vulkan::Counters& c = state_->context()->counters();
  return {c.allocations, c.pipelines, c.command_buffers, c.submits, c.waits, c.longest_submission_ms};
}

std::vector<std::string> VulkanSession::damaged_guards() {
  std::vector<std::string> lines = state_->damaged_guards();
  for (const auto& [graph, memory] : memories_) memory->find_damage(lines);
  return lines;
}

void VulkanSession::bind(Value value, const vulkan::BufferRange& place) {
  (void)location_on(state(), value, 0, 0, "bind");
  memory_of(value.graph())->bind(value.graph(), value.id(), place);
}

vulkan::BufferRange VulkanSession::range_of(Value value) {
  (void)id_on(state(), value, "export");
  const Location where = part(value, value.desc().bytes(), 0, "export");
  return memory_of(value.graph())->range(where);
}

Location VulkanSession::part(Value value, size_t bytes, size_t offset, const char* who) {
  const int id = id_on(state(), value, who);
  const std::shared_ptr<VulkanMemory>& memory = memory_of(value.graph());
  const bool shared = memory->holds({ArenaKind::local, value.graph().storage_of(id)});
  const Location where = location_on(state(), value, bytes, offset, who, shared);
  if (!shared) memory->prepare(value.graph(), value.graph().arena_of(id));
  return where;
}

namespace {

class VulkanBackend final : public Backend {
 public:
  VulkanBackend(std::shared_ptr<vulkan::Context> context, const OpLibrary& library)
      : context_(std::move(context)),
        library_(library),
        self_test_(std::make_shared<VulkanSelfTest>(context_, library)) {}

  const DeviceInfo& info() const override { return context_->info(); }
  std::unique_ptr<Session> open(std::shared_ptr<ModelState> state, const SessionOptions& options) override {
    return std::make_unique<VulkanSession>(std::move(state), context_, library_, options, self_test_);
  }
  std::vector<SelfTest> self_test() override { return self_test_->prove_all(); }
  std::string loss_report() const override { return context_->loss_report(); }
  std::vector<std::string> validation_messages() const override {
    if (!context_->messages()) return {};
    std::vector<std::string> texts;
    for (const vulkan::ValidationMessage& m : context_->messages()->messages()) texts.push_back(m.id + ": " + m.text);
    return texts;
  }

 private:
  std::shared_ptr<vulkan::Context> context_;
  OpLibrary library_;
  std::shared_ptr<VulkanSelfTest> self_test_;
};

std::vector<DeviceInfo> list_vulkan() {
  try {
    std::vector<DeviceInfo> devices = vulkan::list_devices();
    const std::string folder = vulkan::default_cache_folder();
    for (DeviceInfo& device : devices)
      for (const vulkan::SelfTestRecord& r : vulkan::read_self_tests(vulkan::self_test_path(folder, device)))
        if (!folder.empty() && r.state != vulkan::SelfTestRecord::State::running)
          device.self_tests.push_back({r.name, r.failure});
    return devices;
  } catch (const Error& error) {
    if (error.code() == ErrorCode::no_device) return {};
    throw;
  }
}

std::shared_ptr<Backend> open_vulkan(const DeviceRequest& request, const OpLibrary& library) {
  return make_vulkan_backend(vulkan::open_device({.selector = request.selector,
                                                  .logger = request.options.logger,
                                                  .longest_submission_ms = request.options.longest_submission_ms,
                                                  .determinism = request.options.determinism,
                                                  .preset = request.preset}),
                             library);
}

}  // namespace

std::shared_ptr<Backend> make_vulkan_backend(std::shared_ptr<vulkan::Context> context, const OpLibrary& library) {
  return std::make_shared<VulkanBackend>(std::move(context), library);
}

extern const BackendRow vulkan_row;  // the table is made by the build
const BackendRow vulkan_row = {"vulkan", list_vulkan, open_vulkan};

}  // namespace lemnos
