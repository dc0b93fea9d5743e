// lemnos.h: inside an application that has a VkDevice.

#include <algorithm>
#include <array>

#include "api/c_vulkan.h"

namespace lemnos::c {

namespace {

constexpr size_t kMostSemaphores = 8;

VulkanBuffer buffer_of(const lemnos_vulkan_buffer* buffer, const char* who) {
  const lemnos_vulkan_buffer from = input(buffer, who);
  return {from.buffer, from.offset, from.size};
}

lemnos_vulkan_queue queue_of(const VulkanQueue& from) {
  return {sizeof(lemnos_vulkan_queue), from.family, from.index, 0, from.handle};
}

VulkanDevice device_of(const lemnos_vulkan_device& from) {
  VulkanDevice to{.instance = from.instance,
                  .physical_device = from.physical_device,
                  .device = from.device,
                  .get_instance_proc_addr = from.get_instance_proc_addr,
                  .enabled_features = from.enabled_features,
                  .pipeline_cache = from.pipeline_cache,
                  .allocation_callbacks = from.allocation_callbacks,
                  .memory_budget = from.memory_budget,
                  .longest_submission_ms = from.longest_submission_ms,
                  .cache_folder = text_of(from.cache_folder)};
  if (from.api_version) to.api_version = from.api_version;
  for (uint64_t i = 0; i < from.enabled_extension_count; ++i)
    to.enabled_extensions.push_back((&given(from.enabled_extensions, "device_adopt", "enabled_extensions"))[i]);
  const lemnos_vulkan_queue queue = input(&from.compute_queue, "device_adopt: compute_queue");
  to.compute_queue = {queue.handle, queue.family, queue.index};
  if (from.lock_queue)
    to.lock_queue = [lock = from.lock_queue, user = from.user](const VulkanQueue& q) {
      const lemnos_vulkan_queue handle = queue_of(q);
      lock(user, &handle);
    };
  if (from.unlock_queue)
    to.unlock_queue = [unlock = from.unlock_queue, user = from.user](const VulkanQueue& q) {
      const lemnos_vulkan_queue handle = queue_of(q);
      unlock(user, &handle);
    };
  if (from.submit)
    to.submit = [submit = from.submit, user = from.user](const VulkanQueue& q, const VkSubmitInfo2& info) {
      const lemnos_vulkan_queue handle = queue_of(q);
      return submit(user, &handle, &info);
    };
  return to;
}

VulkanRunner& runner_of(lemnos_program* program, const char* who) {
  lemnos_program& from = given(program, who, "program");
  const std::shared_ptr<Program> running = program_of(program, who);
  if (!from.runner) from.runner.emplace(*running);
  return *from.runner;
}

using Semaphores = std::array<VulkanSemaphore, kMostSemaphores>;

std::span<const VulkanSemaphore> semaphores_of(const lemnos_vulkan_semaphore* from, uint32_t count, Semaphores& to) {
  require(count <= kMostSemaphores, ErrorCode::out_of_range, "program_submit: ", count, " semaphores of at most ",
          kMostSemaphores);
  for (uint32_t i = 0; i < count; ++i) {
    const lemnos_vulkan_semaphore s = input_at(from, i, "program_submit");
    to[i] = {s.semaphore, s.value};
  }
  return std::span(to).first(count);
}

}  // namespace

}  // namespace lemnos::c

using namespace lemnos;
using c::given, c::guard, c::guard_status, c::runner_of;

extern "C" {

lemnos_result lemnos_vulkan_require(VkInstance instance, VkPhysicalDevice physical_device,
                                    PFN_vkGetInstanceProcAddr get_instance_proc_addr, uint32_t api_version,
                                    int optional, const char** extensions, uint32_t* count,
                                    VkPhysicalDeviceFeatures2* features, lemnos_error* error) {
  return guard(error, [&] {
    constexpr const char* kWho = "vulkan_require";
    const VulkanRequirements needs =
        required_vulkan(instance, physical_device, get_instance_proc_addr, api_version, optional != 0);
    require(needs.refusal().empty(), ErrorCode::unsupported, kWho, ": ", needs.refusal());
    uint32_t& room = given(count, kWho, "count");
    for (size_t i = 0; extensions && i < std::min<size_t>(room, needs.extensions().size()); ++i)
      extensions[i] = needs.extensions()[i];
    room = static_cast<uint32_t>(needs.extensions().size());
    if (!features) return;
    const std::vector<std::string> missing = needs.enable_in(*features);
    require(missing.empty(), ErrorCode::unsupported, kWho, ": the chain has no structure for ",
            missing.empty() ? "" : missing.front());
  });
}

lemnos_result lemnos_device_adopt(const lemnos_vulkan_device* vulkan, lemnos_device** device, lemnos_error* error) {
  return guard(error, [&] {
    given(device, "device_adopt", "device") = nullptr;
    *device = new lemnos_device{adopt(c::device_of(c::input(vulkan, "device_adopt")))};
  });
}

lemnos_result lemnos_session_import_buffer(lemnos_session* session, lemnos_value value,
                                           const lemnos_vulkan_buffer* buffer, lemnos_error* error) {
  return guard(error, [&] {
    constexpr const char* kWho = "session_import_buffer";
    const c::OpenSession& open = *given(session, kWho, "session").open;
    import_buffer(*open.session, c::value_of(*open.graph, value, kWho), c::buffer_of(buffer, kWho));
  });
}

lemnos_result lemnos_session_export_buffer(lemnos_session* session, lemnos_value value, lemnos_vulkan_buffer* buffer,
                                           lemnos_error* error) {
  return guard(error, [&] {
    constexpr const char* kWho = "session_export_buffer";
    const c::OpenSession& open = *given(session, kWho, "session").open;
    given(buffer, kWho, "buffer");
    c::output(buffer, c::range_of(export_buffer(*open.session, c::value_of(*open.graph, value, kWho))), kWho);
  });
}

lemnos_result lemnos_program_prepare(lemnos_program* program, lemnos_error* error) {
  return guard(error, [&] { (void)runner_of(program, "program_prepare"); });
}

lemnos_result lemnos_program_buffer(lemnos_program* program, lemnos_value value, lemnos_vulkan_buffer* buffer,
                                    lemnos_error* error) {
  return guard(error, [&] {
    constexpr const char* kWho = "program_buffer";
    VulkanRunner& runner = runner_of(program, kWho);
    given(buffer, kWho, "buffer");
    c::output(buffer, c::range_of(runner.buffer(c::value_of(*program->graph, value, kWho))), kWho);
  });
}

lemnos_result lemnos_program_record(lemnos_program* program, VkCommandBuffer commands, const lemnos_budget* budget,
                                    const lemnos_vulkan_scope* before, lemnos_vulkan_scope* written,
                                    lemnos_advanced* advanced) {
  return guard(nullptr, [&] {
    constexpr const char* kWho = "program_record";
    RecordOptions options;
    if (before) {
      const lemnos_vulkan_scope from = c::input(before, kWho);
      options.before = {from.stages, from.accesses};
    }
    require(commands != VK_NULL_HANDLE, ErrorCode::invalid_argument, kWho, ": commands is NULL");
    Advanced done;
    const VulkanScope scope =
        runner_of(program, kWho).record(commands, c::budget_of(c::input(budget, kWho)), options, &done);
    c::output(written, lemnos_vulkan_scope{0, 0, scope.stages, scope.accesses}, kWho);
    c::output(advanced, c::advanced_of(done), kWho);
  });
}

lemnos_result lemnos_program_submit(lemnos_program* program, const lemnos_budget* budget,
                                    const lemnos_vulkan_semaphore* waits, uint32_t wait_count,
                                    const lemnos_vulkan_semaphore* signals, uint32_t signal_count,
                                    lemnos_advanced* advanced) {
  return guard_status([&] {
    constexpr const char* kWho = "program_submit";
    c::Semaphores before, after;
    Advanced done;
    const auto first = c::semaphores_of(waits, wait_count, before);
    const auto last = c::semaphores_of(signals, signal_count, after);
    const Status status = runner_of(program, kWho).submit(c::budget_of(c::input(budget, kWho)), first, last, &done);
    c::output(advanced, c::advanced_of(done), kWho);
    return status;
  });
}

lemnos_result lemnos_program_publish(lemnos_program* program, uint32_t copies, lemnos_error* error) {
  return guard(error, [&] { runner_of(program, "program_publish").publish(copies); });
}

lemnos_result lemnos_program_published(lemnos_program* program, lemnos_published* published, lemnos_error* error) {
  return guard(error, [&] {
    const Published from = runner_of(program, "program_published").published();
    given(published, "program_published", "published");
    lemnos_published to{};
    to.parameters = c::range_of(from.parameters);
    to.steps = from.steps;
    to.ready = {sizeof(lemnos_vulkan_semaphore), 0, from.ready.semaphore, from.ready.value};
    c::output(published, to, "program_published");
  });
}

lemnos_result lemnos_program_published_offset(lemnos_program* program, lemnos_value parameter, uint64_t* offset,
                                              lemnos_error* error) {
  return guard(error, [&] {
    constexpr const char* kWho = "program_published_offset";
    const VulkanRunner& runner = runner_of(program, kWho);
    given(offset, kWho, "offset") = runner.offset_of(c::value_of(*program->graph, parameter, kWho));
  });
}

lemnos_result lemnos_program_step_microseconds(lemnos_program* program, double* microseconds, lemnos_error* error) {
  return guard(error, [&] {
    constexpr const char* kWho = "program_step_microseconds";
    given(microseconds, kWho, "microseconds") = runner_of(program, kWho).step_microseconds();
  });
}

}  // extern "C"
