// lemnos/vulkan.h: an application's device, its buffers, and steps inside its frame.

#include <algorithm>
#include <array>

#include "api/op_library.h"
#include "api/vulkan_session_of.h"
#include "base/text.h"
#include "lemnos/vulkan.h"
#include "runtime/backends.h"
#include "runtime/compilation.h"
#include "runtime/vulkan_program.h"
#include "vulkan/context.h"

namespace lemnos {

namespace {

vulkan::QueueHandle inner_vulkan_adopt(const VulkanQueue& queue) { return {queue.handle, queue.family, queue.index}; }
VulkanQueue outer_vulkan_adopt(const vulkan::QueueHandle& queue) { return {queue.handle, queue.family, queue.index}; }
VulkanBuffer outer_vulkan_adopt(const vulkan::BufferRange& range) { return {range.buffer, range.offset, range.size}; }

VulkanProgram& program_of(Program* program) { return *static_cast<VulkanProgram*>(program); }

}  // namespace

Device adopt(const VulkanDevice& device) {
  vulkan::AdoptInfo info{.instance = device.instance,
                         .physical_device = device.physical_device,
                         .device = device.device,
                         .get_instance_proc_addr = device.get_instance_proc_addr,
                         .api_version = device.api_version,
                         .enabled_extensions = device.enabled_extensions,
                         .enabled_features = device.enabled_features,
                         .compute_queue = inner_vulkan_adopt(device.compute_queue),
                         .pipeline_cache = device.pipeline_cache,
                         .allocation_callbacks = device.allocation_callbacks,
                         .memory_budget = device.memory_budget,
                         .longest_submission_ms = device.longest_submission_ms,
                         .determinism = device.determinism,
                         .cache_folder = device.cache_folder,
                         .logger = device.logger};
  if (device.lock_queue)
    info.lock_queue = [f = device.lock_queue](const vulkan::QueueHandle& q) { f(outer_vulkan_adopt(q)); };
  if (device.unlock_queue)
    info.unlock_queue = [f = device.unlock_queue](const vulkan::QueueHandle& q) { f(outer_vulkan_adopt(q)); };
  if (device.submit)
    info.submit = [f = device.submit](const vulkan::QueueHandle& q, const VkSubmitInfo2& s) {
      return f(outer_vulkan_adopt(q), s);
    };
  return Device(make_vulkan_backend(vulkan::Context::adopt(info), op_library()));
}

void import_buffer(Session& session, Value value, const VulkanBuffer& buffer) {
  vulkan_session_of(session, "import_buffer").bind(value, {buffer.buffer, buffer.offset, buffer.size});
}

VulkanBuffer export_buffer(Session& session, Value value) {
  return outer_vulkan_adopt(vulkan_session_of(session, "export_buffer").range_of(value));
}

VulkanRunner::VulkanRunner(Program& program) : program_(&program) {
  auto* found = dynamic_cast<VulkanProgram*>(&program);
  require(found != nullptr, ErrorCode::unsupported, "VulkanRunner: the program is not on a Vulkan device");
  (void)found->steps();
}
VulkanRunner::VulkanRunner(VulkanRunner&&) noexcept = default;
VulkanRunner& VulkanRunner::operator=(VulkanRunner&&) noexcept = default;
VulkanRunner::~VulkanRunner() = default;

VulkanScope VulkanRunner::record(VkCommandBuffer commands, const Budget& budget, const RecordOptions& options,
                                 Advanced* done) {
  program_of(program_).steps().record(commands, budget, {options.before.stages, options.before.accesses},
                                      {options.after.stages, options.after.accesses}, done);
  return {vulkan::Recorder::kOurStages, vulkan::Recorder::kOurWrites};
}

Status VulkanRunner::submit(const Budget& budget, std::span<const VulkanSemaphore> waits,
                            std::span<const VulkanSemaphore> signals, Advanced* done) {
  // More would need an allocation; no frame has that many.
  if (waits.size() > kMostSemaphores || signals.size() > kMostSemaphores) return Status::out_of_memory;
  std::array<vulkan::SemaphorePoint, kMostSemaphores> before{}, after{};
  const auto point = [](const VulkanSemaphore& s) { return vulkan::SemaphorePoint{s.semaphore, s.value}; };
  std::ranges::transform(waits, before.begin(), point);
  std::ranges::transform(signals, after.begin(), point);
  return program_of(program_).steps().submit(budget, std::span(before).first(waits.size()),
                                             std::span(after).first(signals.size()), done);
}

Status VulkanRunner::advance(const Budget& budget, Advanced* done) { return program_->advance(budget, done); }
void VulkanRunner::cancel() { program_->cancel(); }
double VulkanRunner::step_microseconds() const { return program_->step_microseconds(); }

VulkanBuffer VulkanRunner::buffer(Value value) { return outer_vulkan_adopt(program_of(program_).range_of(value)); }

void VulkanRunner::publish(uint32_t copies) { program_of(program_).steps().publish_to(copies); }

Published VulkanRunner::published() const {
  VulkanProgram& program = program_of(program_);
  const VulkanPublication* publication = program.steps().publication();
  if (!publication) return {};
  const VulkanPublication::Newest newest = publication->newest();
  Published out{.parameters = outer_vulkan_adopt(newest.range), .steps = newest.steps};
  if (newest.value) out.ready = {program.memory().timeline().semaphore(), newest.value};
  return out;
}

VkDeviceSize VulkanRunner::offset_of(Value parameter) const {
  const ValueInfo& info =
      parameter.graph().info(id_on(program_of(program_).memory().state().layout(), parameter, "offset_of"));
  require(info.role == Role::parameter, ErrorCode::invalid_argument, "offset_of: '", info.name,
          "' is not a parameter but ", to_string(info.role));
  return static_cast<VkDeviceSize>(info.offset) * size_of(info.desc.dtype);
}

}  // namespace lemnos
