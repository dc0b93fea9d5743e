#include "vulkan/owned_device.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <mutex>
#include <set>

#include "vulkan/caps.h"
#include "vulkan/choice.h"
#include "vulkan/presets.h"
#include "vulkan/result.h"

namespace lemnos::vulkan {

namespace {

constexpr const char* kPortabilitySubset = "VK_KHR_portability_subset";

// Destroys what open_device() made, once the context has let go of it.
struct OwnedHandles {
  std::shared_ptr<Instance> instance;
  VkDevice device = VK_NULL_HANDLE;
  PFN_vkDeviceWaitIdle wait_idle = nullptr;
  PFN_vkDestroyDevice destroy = nullptr;

  ~OwnedHandles() {
    if (!device) return;
    wait_idle(device);  // our own device: nobody else's work is held up
    destroy(device, nullptr);
  }
};

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

std::string effective_selector(const std::string& selector) {
  const bool any = selector.empty() || selector == "best";
  const std::string wanted = environment("LEMNOS_DEVICE");
  return any && !wanted.empty() ? wanted : selector;
}

// Whether this process has not opened the device before: what holds for a device is said once. A logger of the
// application's own is told each time; nobody knows what it heard.
bool is_first_use(const DeviceInfo& device) {
  static std::mutex mutex;
  static std::set<std::array<uint8_t, 16>> used;
  const std::lock_guard lock(mutex);
  return used.insert(device.uuid).second;
}

FeatureSet useful_features(const Instance& instance, VkPhysicalDevice device, const OpenOptions& options) {
  FeatureSet set = supported_features(instance.vk(), device);
  if (!options.wanted_features) return set;
  const FeatureSet& wanted = *options.wanted_features;
  for (auto flag : {&FeatureSet::fp16,
                    &FeatureSet::int8,
                    &FeatureSet::int16,
                    &FeatureSet::int64,
                    &FeatureSet::storage16,
                    &FeatureSet::storage8,
                    &FeatureSet::scalar_block_layout,
                    &FeatureSet::buffer_device_address,
                    &FeatureSet::memory_model,
                    &FeatureSet::subgroup_size_control,
                    &FeatureSet::full_subgroups,
                    &FeatureSet::subgroup_extended_types,
                    &FeatureSet::cooperative_matrix,
                    &FeatureSet::bfloat16_matrix,
                    &FeatureSet::pipeline_executable_properties,
                    &FeatureSet::device_fault,
                    &FeatureSet::device_fault_khr,
                    &FeatureSet::memory_budget,
                    &FeatureSet::external_memory_fd,
                    &FeatureSet::external_memory_dma_buf,
                    &FeatureSet::external_memory_win32})
    set.*flag = set.*flag && wanted.*flag;
  return set;
}

uint32_t usable_api_version(const Instance& instance, VkPhysicalDevice device) {
  VkPhysicalDeviceProperties properties;
  instance.vk().vkGetPhysicalDeviceProperties(device, &properties);
  return std::min(instance.api_version(), properties.apiVersion);
}

struct Families {
  uint32_t compute;
  uint32_t transfer;  // UINT32_MAX: none
};

void create_device(OwnedHandles& owned, VkPhysicalDevice physical, const FeatureChain& chain,
                   const std::vector<const char*>& extensions, const Families& families) {
  const float priority = 1.0f;
  std::vector<VkDeviceQueueCreateInfo> queues;
  for (uint32_t family : {families.compute, families.transfer})
    if (family != ~uint32_t{0})
      queues.push_back({.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
                        .queueFamilyIndex = family,
                        .queueCount = 1,
                        .pQueuePriorities = &priority});
  const VkDeviceCreateInfo info{.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
                                .pNext = chain.head(),
                                .queueCreateInfoCount = static_cast<uint32_t>(queues.size()),
                                .pQueueCreateInfos = queues.data(),
                                .enabledExtensionCount = static_cast<uint32_t>(extensions.size()),
                                .ppEnabledExtensionNames = extensions.data()};
  const InstanceTable& vk = owned.instance->vk();
  check(vk.vkCreateDevice(physical, &info, nullptr, &owned.device), "device: it could not be created");
  const auto find = [&](const char* name) { return vk.vkGetDeviceProcAddr(owned.device, name); };
  owned.wait_idle = reinterpret_cast<PFN_vkDeviceWaitIdle>(find("vkDeviceWaitIdle"));
  owned.destroy = reinterpret_cast<PFN_vkDestroyDevice>(find("vkDestroyDevice"));
}

}  // namespace

std::string default_cache_folder() {
  if (const std::string named = environment("LEMNOS_CACHE_DIR"); !named.empty()) return named == "off" ? "" : named;
#ifdef _WIN32
  const std::string local = environment("LOCALAPPDATA");
  return local.empty() ? "" : local + "\\lemnos";
#else
  if (const std::string cache = environment("XDG_CACHE_HOME"); !cache.empty()) return cache + "/lemnos";
  const std::string home = environment("HOME");
  return home.empty() ? "" : home + "/.cache/lemnos";
#endif
}

std::shared_ptr<Context> open_device(const OpenOptions& options) {
  auto owned = std::make_shared<OwnedHandles>();
  owned->instance = Instance::create({.validation = options.validation, .logger = options.logger});
  const Instance& instance = *owned->instance;
  const std::vector<DeviceInfo> devices = instance.list_devices();
  const size_t chosen = choose_device(devices, effective_selector(options.selector));
  const VkPhysicalDevice physical = instance.physical_devices()[chosen];
  if (devices[chosen].type == DeviceType::software && (options.logger || is_first_use(devices[chosen])))
    instance.logger()(LogLevel::warning, "device: " + devices[chosen].name + " is a software driver: correct but slow");

  FeatureSet features = useful_features(instance, physical, options);
  const std::string preset = options.preset.empty() ? environment("LEMNOS_PRESET") : options.preset;
  DeviceCaps limits = devices[chosen].caps;
  if (!preset.empty()) {
    const Preset& played = find_preset(preset);
    played.amend(features, limits);
    instance.logger()(LogLevel::warning,
                      "device: " + devices[chosen].name + " plays '" + preset + "': without " + played.lacks);
  }
  const uint32_t version = usable_api_version(instance, physical);
  const FeatureChain chain(features, version);
  std::vector<const char*> extensions = extensions_for(features, version);
  const std::vector<std::string> offered = device_extensions(instance.vk(), physical);
  if (std::ranges::find(offered, kPortabilitySubset) != offered.end()) extensions.push_back(kPortabilitySubset);
  const Families families = {choose_compute_family(instance.vk(), physical),
                             choose_transfer_family(instance.vk(), physical)};
  create_device(*owned, physical, chain, extensions, families);

  if (instance.has_debug_utils()) extensions.push_back(VK_EXT_DEBUG_UTILS_EXTENSION_NAME);
  AdoptInfo adopt{.instance = instance.handle(),
                  .physical_device = physical,
                  .device = owned->device,
                  .get_instance_proc_addr = instance.vk().vkGetInstanceProcAddr,
                  .api_version = version,
                  .enabled_extensions = extensions,
                  .enabled_features = chain.head(),
                  .compute_queue = {.family = families.compute},
                  .memory_budget = options.memory_budget,
                  .longest_submission_ms = options.longest_submission_ms,
                  .determinism = options.determinism,
                  .cache_folder = options.cache_folder ? *options.cache_folder : default_cache_folder(),
                  .logger = instance.logger(),
                  .messages = instance.messages(),
                  .adjust_table = options.adjust_table,
                  .owner = owned};
  if (families.transfer != ~uint32_t{0}) adopt.transfer_queue = QueueHandle{.family = families.transfer};
  const std::shared_ptr<Context> context = Context::adopt(adopt);
  if (!preset.empty()) context->clamp_caps(limits);
  return context;
}

}  // namespace lemnos::vulkan
