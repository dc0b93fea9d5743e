#include "vulkan/context.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <locale>
#include <new>
#include <sstream>
#include <string_view>

#include "vulkan/allocator.h"
#include "vulkan/caps.h"
#include "vulkan/device_fault.h"
#include "vulkan/result.h"

namespace lemnos::vulkan {

namespace {

// LEMNOS_CACHE_DIR=off silences every cache; naming another folder is for devices of our own (default_cache_folder).
std::string effective_cache_folder(const std::string& folder) {
  const char* wanted = std::getenv("LEMNOS_CACHE_DIR");
  return wanted && std::string_view(wanted) == "off" ? std::string() : folder;
}

// An option of 0 leaves it to the environment, and that to the device.
double longest_submission(double option, const DeviceCaps& caps) {
  const char* said = std::getenv("LEMNOS_SUBMISSION_MS");
  if (option == 0 && said && *said) {
    option = std::string_view(said) == "inf" ? std::numeric_limits<double>::infinity() : parse_number(said).value_or(0);
    require(option > 0, ErrorCode::invalid_argument, "LEMNOS_SUBMISSION_MS: '", said, "' is no number above 0");
  }
  require(option >= 0, ErrorCode::invalid_argument, "device: longest_submission_ms ", option, " is not above 0");
  return option == 0 ? caps.longest_submission_ms : option;
}

Determinism determinism_of(Determinism option) {
  const char* said = std::getenv("LEMNOS_DETERMINISM");
  const std::string_view word = said ? said : "";
  require(word.empty() || word == "device" || word == "across_devices", ErrorCode::invalid_argument,
          "LEMNOS_DETERMINISM: '", word, "' is unknown; it takes device or across_devices");
  return word == "across_devices" ? Determinism::across_devices : option;
}

bool lists(std::span<const char* const> extensions, std::string_view name) {
  return std::ranges::any_of(extensions, [&](const char* extension) { return name == extension; });
}

}  // namespace

std::shared_ptr<Context> Context::adopt(const AdoptInfo& info) {
  const auto given = [](bool ok, const char* what) {
    require(ok, ErrorCode::invalid_argument, "adopt: no ", what, " was given");
  };
  given(info.instance, "instance");
  given(info.physical_device, "physical device");
  given(info.device, "device");
  given(info.get_instance_proc_addr, "vkGetInstanceProcAddr");
  given(!info.lock_queue == !info.unlock_queue, "unlock_queue to go with lock_queue, or the reverse,");
  require(info.api_version >= VK_API_VERSION_1_2, ErrorCode::unsupported, "adopt: Vulkan ",
          VK_API_VERSION_MAJOR(info.api_version), ".", VK_API_VERSION_MINOR(info.api_version), ", and 1.2 is needed");

  std::shared_ptr<Context> context(new Context);
  context->take_handles(info);
  context->take_queues(info);
  context->info_ = read_info(context->instance_vk_, info.physical_device);
  context->info_.caps =
      read_caps(context->instance_vk_, info.physical_device, context->features_, context->compute_queue_.family);
  context->info_.caps.memory_limit = info.memory_budget;
  context->info_.caps.longest_submission_ms = longest_submission(info.longest_submission_ms, context->info_.caps);
  if (determinism_of(info.determinism) == Determinism::across_devices)
    context->info_.caps = common_caps(context->info_.caps);
  context->cache_folder_ = effective_cache_folder(info.cache_folder);
  context->allocator_ = std::make_unique<Allocator>(*context);
  context->pipelines_ = std::make_unique<PipelineStore>(*context, info.pipeline_cache, context->cache_folder_);
  return context;
}

void Context::take_handles(const AdoptInfo& info) {
  owner_ = info.owner;
  logger_ = info.logger ? info.logger : default_logger();
  messages_ = info.messages;
  instance_ = info.instance;
  physical_device_ = info.physical_device;
  device_ = info.device;
  api_version_ = info.api_version;
  callbacks_ = info.allocation_callbacks;
  features_ = enabled_features(info.enabled_features, info.enabled_extensions);
  require(features_.timeline_semaphore, ErrorCode::unsupported, "adopt: the feature timelineSemaphore is not enabled");
  require(features_.synchronization2, ErrorCode::unsupported, "adopt: the feature synchronization2 is not enabled");
  instance_vk_ = load_instance_table(info.get_instance_proc_addr, instance_);
  vk_ = load_device_table(instance_vk_, device_, api_version_);
  if (info.adjust_table) info.adjust_table(vk_);
  debug_labels_ = lists(info.enabled_extensions, VK_EXT_DEBUG_UTILS_EXTENSION_NAME) &&
                  vk_.vkCmdBeginDebugUtilsLabelEXT && vk_.vkCmdEndDebugUtilsLabelEXT &&
                  vk_.vkSetDebugUtilsObjectNameEXT;
}

void Context::take_queues(const AdoptInfo& info) {
  uint32_t count = 0;
  instance_vk_.vkGetPhysicalDeviceQueueFamilyProperties(physical_device_, &count, nullptr);
  std::vector<VkQueueFamilyProperties> families(count);
  instance_vk_.vkGetPhysicalDeviceQueueFamilyProperties(physical_device_, &count, families.data());
  const auto take = [&](QueueHandle queue, const char* role) {
    require(queue.family < count, ErrorCode::out_of_range, "adopt: the ", role, " queue is of family ", queue.family,
            " of ", count);
    require(queue.index < families[queue.family].queueCount, ErrorCode::out_of_range, "adopt: the ", role,
            " queue has index ", queue.index, " of ", families[queue.family].queueCount);
    if (!queue.handle) vk_.vkGetDeviceQueue(device_, queue.family, queue.index, &queue.handle);
    return queue;
  };
  compute_queue_ = take(info.compute_queue, "compute");
  require(families[compute_queue_.family].queueFlags & VK_QUEUE_COMPUTE_BIT, ErrorCode::invalid_argument,
          "adopt: queue family ", compute_queue_.family, " cannot compute");
  if (info.transfer_queue) transfer_queue_ = take(*info.transfer_queue, "transfer");

  submit_ = info.submit;
  lock_queue_ = info.lock_queue;
  unlock_queue_ = info.unlock_queue;
}

Context::~Context() {
  pipelines_.reset();
  allocator_.reset();
}

void Context::clamp_caps(const DeviceCaps& limits) { info_.caps = poorer(info_.caps, limits); }

const QueueHandle& Context::queue(QueueRole role) const {
  return role == QueueRole::transfer && transfer_queue_ ? *transfer_queue_ : compute_queue_;
}

Status Context::submit(const VkSubmitInfo2& info, QueueRole role) {
  if (lost()) return Status::device_lost;
  const QueueHandle& to = queue(role);
  // With a lock of the application's, ours would only add a second order in which two locks are taken.
  std::unique_lock<std::mutex> ours(queue_mutex_, std::defer_lock);
  if (lock_queue_)
    lock_queue_(to);
  else
    ours.lock();
  const VkResult result = submit_ ? submit_(to, info) : vk_.vkQueueSubmit2(to.handle, 1, &info, VK_NULL_HANDLE);
  if (unlock_queue_) unlock_queue_(to);
  ++counters_.submits;
  return note(result);
}

void Context::require_present(std::string_view what) const {
  require(!lost(), ErrorCode::device_lost, what, ": the device is lost");
}

Status Context::note(VkResult result) {
  const Status status = to_status(result);
  if (status != Status::device_lost || lost_.exchange(true)) return status;
  try {
    const std::string report =
        text("the device is lost: ", to_string(result), submissions_.report(), device_fault(vk_, device_));
    {
      const std::lock_guard lock(report_mutex_);
      loss_report_ = report;
    }
    log(LogLevel::error, report);
  } catch (const std::bad_alloc&) {
    // A report is no reason to throw on a path that promises a status.
  }
  return status;
}

std::string Context::loss_report() const {
  const std::lock_guard lock(report_mutex_);
  return loss_report_;
}

void Context::set_name(VkObjectType type, uint64_t handle, const std::string& name) const {
  if (!debug_labels_) return;
  const VkDebugUtilsObjectNameInfoEXT info{.sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_OBJECT_NAME_INFO_EXT,
                                           .objectType = type,
                                           .objectHandle = handle,
                                           .pObjectName = name.c_str()};
  vk_.vkSetDebugUtilsObjectNameEXT(device_, &info);
}

}  // namespace lemnos::vulkan
