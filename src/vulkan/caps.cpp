#include "vulkan/caps.h"

#include <algorithm>
#include <cstring>

#include "base/text.h"
#include "vulkan/quirks.h"

namespace lemnos::vulkan {

namespace {

constexpr uint32_t kNone = ~uint32_t{0};

std::vector<VkQueueFamilyProperties> queue_families(const InstanceTable& vk, VkPhysicalDevice device) {
  uint32_t count = 0;
  vk.vkGetPhysicalDeviceQueueFamilyProperties(device, &count, nullptr);
  std::vector<VkQueueFamilyProperties> families(count);
  vk.vkGetPhysicalDeviceQueueFamilyProperties(device, &count, families.data());
  return families;
}

// All properties in one chain; what the device does not know stays out of it.
struct Properties {
  VkPhysicalDeviceProperties2 head{.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2};
  VkPhysicalDeviceVulkan11Properties v11{.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_PROPERTIES};
  VkPhysicalDeviceVulkan12Properties v12{.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_PROPERTIES};
  VkPhysicalDeviceMaintenance4Properties size{.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_4_PROPERTIES};
  VkPhysicalDeviceSubgroupSizeControlProperties subgroup{
      .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_PROPERTIES};
  VkPhysicalDevicePCIBusInfoPropertiesEXT pci{.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PCI_BUS_INFO_PROPERTIES_EXT};
  bool has_v12 = false, has_size = false, has_subgroup = false, has_pci = false;

  Properties(const InstanceTable& vk, VkPhysicalDevice device) {
    vk.vkGetPhysicalDeviceProperties(device, &head.properties);
    const uint32_t version = head.properties.apiVersion;
    const std::vector<std::string> extensions = device_extensions(vk, device);
    const auto offers = [&](const char* name) { return std::ranges::find(extensions, name) != extensions.end(); };
    has_v12 = version >= VK_API_VERSION_1_2;
    has_size = version >= VK_API_VERSION_1_3 || offers(VK_KHR_MAINTENANCE_4_EXTENSION_NAME);
    has_subgroup = version >= VK_API_VERSION_1_3 || offers(VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME);
    has_pci = offers(VK_EXT_PCI_BUS_INFO_EXTENSION_NAME);
    if (version < VK_API_VERSION_1_1) return;
    void** tail = &head.pNext;
    const auto link = [&](bool wanted, auto& structure) {
      if (!wanted) return;
      *tail = &structure;
      tail = &structure.pNext;
    };
    link(has_v12, v11);
    link(has_v12, v12);
    link(has_size, size);
    link(has_subgroup, subgroup);
    link(has_pci, pci);
    vk.vkGetPhysicalDeviceProperties2(device, &head);
  }
};

DeviceType type_of_caps(VkPhysicalDeviceType type) {
  switch (type) {
    case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU: return DeviceType::integrated;
    case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU: return DeviceType::discrete;
    case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU: return DeviceType::virtual_gpu;
    case VK_PHYSICAL_DEVICE_TYPE_CPU: return DeviceType::software;
    default: return DeviceType::other;
  }
}

std::string version_string(uint32_t version) {
  return text(VK_API_VERSION_MAJOR(version), ".", VK_API_VERSION_MINOR(version), ".", VK_API_VERSION_PATCH(version));
}

void read_matrix_shapes([[maybe_unused]] const InstanceTable& vk, [[maybe_unused]] VkPhysicalDevice device,
                        [[maybe_unused]] bool bfloat16, [[maybe_unused]] DeviceCaps& caps) {
#ifdef VK_KHR_cooperative_matrix
  if (!vk.vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR) return;
  uint32_t count = 0;
  vk.vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR(device, &count, nullptr);
  std::vector<VkCooperativeMatrixPropertiesKHR> shapes(count, {VK_STRUCTURE_TYPE_COOPERATIVE_MATRIX_PROPERTIES_KHR});
  vk.vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR(device, &count, shapes.data());
  for (const VkCooperativeMatrixPropertiesKHR& s : shapes) {
    const auto are = [](VkComponentTypeKHR a, VkComponentTypeKHR b, VkComponentTypeKHR type) {
      return a == type && b == type;
    };
    const bool f32 = are(s.CType, s.ResultType, VK_COMPONENT_TYPE_FLOAT32_KHR);
    const auto add = [&](VkComponentTypeKHR type, DType operands) {
      if (s.scope == VK_SCOPE_SUBGROUP_KHR && are(s.AType, s.BType, type) && (f32 || are(s.CType, s.ResultType, type)))
        caps.matrix_shapes.push_back({s.MSize, s.NSize, s.KSize, operands, f32});
    };
    add(VK_COMPONENT_TYPE_FLOAT16_KHR, DType::f16);
#ifdef VK_KHR_shader_bfloat16
    if (bfloat16) add(VK_COMPONENT_TYPE_BFLOAT16_KHR, DType::bf16);
#endif
  }
#endif
}

void read_subgroups(const Properties& p, const FeatureSet& enabled, DeviceCaps& caps) {
  if (!p.has_v12) return;
  constexpr VkSubgroupFeatureFlags kNeeded = VK_SUBGROUP_FEATURE_BASIC_BIT | VK_SUBGROUP_FEATURE_ARITHMETIC_BIT |
                                             VK_SUBGROUP_FEATURE_BALLOT_BIT | VK_SUBGROUP_FEATURE_SHUFFLE_BIT;
  caps.subgroup_size = caps.min_subgroup_size = caps.max_subgroup_size = p.v11.subgroupSize;
  caps.subgroup_arithmetic = (p.v11.subgroupSupportedStages & VK_SHADER_STAGE_COMPUTE_BIT) &&
                             (p.v11.subgroupSupportedOperations & kNeeded) == kNeeded;
  caps.fast_broadcast = caps.subgroup_arithmetic;
  const bool in_compute = p.subgroup.requiredSubgroupSizeStages & VK_SHADER_STAGE_COMPUTE_BIT;
  caps.subgroup_size_control = enabled.subgroup_size_control && p.has_subgroup && in_compute;
  if (p.has_subgroup) {
    caps.min_subgroup_size = p.subgroup.minSubgroupSize;
    caps.max_subgroup_size = p.subgroup.maxSubgroupSize;
  }
}

void read_limits(const Properties& p, DeviceCaps& caps) {
  const VkPhysicalDeviceLimits& limits = p.head.properties.limits;
  // A workgroup along x alone must be able to have all of them.
  caps.max_workgroup_invocations = std::min(limits.maxComputeWorkGroupInvocations, limits.maxComputeWorkGroupSize[0]);
  caps.max_workgroup_count = *std::min_element(limits.maxComputeWorkGroupCount, limits.maxComputeWorkGroupCount + 3);
  caps.max_shared_memory = limits.maxComputeSharedMemorySize;
  caps.max_push_constants = limits.maxPushConstantsSize;
  caps.max_storage_range = limits.maxStorageBufferRange;
  caps.min_storage_offset_alignment = limits.minStorageBufferOffsetAlignment;
  if (p.has_v12) caps.max_allocation = p.v11.maxMemoryAllocationSize;
  if (p.has_size) caps.max_allocation = std::min<uint64_t>(caps.max_allocation, p.size.maxBufferSize);
}

// Memory that both sides see at full speed: on a card behind a bus the host would read it a hundred times slower.
bool is_unified(const VkPhysicalDeviceMemoryProperties& memory, VkPhysicalDeviceType type) {
  if (type != VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU && type != VK_PHYSICAL_DEVICE_TYPE_CPU) return false;
  constexpr VkMemoryPropertyFlags kBoth =
      VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT | VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_CACHED_BIT;
  return std::any_of(memory.memoryTypes, memory.memoryTypes + memory.memoryTypeCount,
                     [](const VkMemoryType& t) { return (t.propertyFlags & kBoth) == kBoth; });
}

std::vector<const Quirk*> quirks_of(const Properties& p) {
  if (!p.has_v12) return {};
  const VkPhysicalDeviceProperties& core = p.head.properties;
  return quirks_in_force({.id = p.v12.driverID,
                          .info = p.v12.driverInfo,
                          .vendor_id = core.vendorID,
                          .device_id = core.deviceID,
                          .integrated = core.deviceType == VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU,
                          .device = core.deviceName,
                          .subgroup_size = p.v11.subgroupSize});
}

std::string refusal_of(const InstanceTable& vk, VkPhysicalDevice device, const VkPhysicalDeviceProperties& properties) {
  if (properties.apiVersion < VK_API_VERSION_1_2)
    return text("it has Vulkan ", version_string(properties.apiVersion), ", and 1.2 is needed");
  const FeatureSet set = supported_features(vk, device);
  if (!set.timeline_semaphore) return "it has no timeline semaphores";
  if (!set.synchronization2) return "it has neither Vulkan 1.3 nor VK_KHR_synchronization2";
  if (choose_compute_family(vk, device) == kNone) return "it has no compute queue";
  return {};
}

}  // namespace

uint32_t choose_compute_family(const InstanceTable& vk, VkPhysicalDevice device) {
  uint32_t fallback = kNone;
  const std::vector<VkQueueFamilyProperties> families = queue_families(vk, device);
  for (uint32_t i = 0; i < families.size(); ++i) {
    if (!(families[i].queueFlags & VK_QUEUE_COMPUTE_BIT)) continue;
    if (!(families[i].queueFlags & VK_QUEUE_GRAPHICS_BIT)) return i;
    if (fallback == kNone) fallback = i;
  }
  return fallback;
}

uint32_t choose_transfer_family(const InstanceTable& vk, VkPhysicalDevice device) {
  const std::vector<VkQueueFamilyProperties> families = queue_families(vk, device);
  for (uint32_t i = 0; i < families.size(); ++i) {
    const VkQueueFlags flags = families[i].queueFlags;
    if ((flags & VK_QUEUE_TRANSFER_BIT) && !(flags & (VK_QUEUE_COMPUTE_BIT | VK_QUEUE_GRAPHICS_BIT))) return i;
  }
  return kNone;
}

DeviceCaps read_caps(const InstanceTable& vk, VkPhysicalDevice device, const FeatureSet& enabled,
                     uint32_t compute_family) {
  const Properties p(vk, device);
  DeviceCaps caps;
  read_subgroups(p, enabled, caps);
  read_limits(p, caps);
  caps.software = p.head.properties.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU;
  caps.fp16 = enabled.fp16;
  caps.storage16 = enabled.storage16;
  caps.storage8 = enabled.storage8;
  caps.int8 = enabled.int8;
  caps.buffer_device_address = enabled.buffer_device_address;
  caps.memory_budget = enabled.memory_budget;
  caps.pipeline_executable_properties = enabled.pipeline_executable_properties;
  const std::vector<const Quirk*> quirks = quirks_of(p);
  const bool may_ask = std::ranges::none_of(quirks, &Quirk::avoids_the_matrix_query);
  if (enabled.cooperative_matrix && may_ask) read_matrix_shapes(vk, device, enabled.bfloat16_matrix, caps);
  caps.cooperative_matrix = !caps.matrix_shapes.empty();

  VkPhysicalDeviceMemoryProperties memory;
  vk.vkGetPhysicalDeviceMemoryProperties(device, &memory);
  caps.unified_memory = is_unified(memory, p.head.properties.deviceType);
  const std::vector<VkQueueFamilyProperties> families = queue_families(vk, device);
  if (compute_family < families.size() && families[compute_family].timestampValidBits > 0)
    caps.timestamp_period = static_cast<double>(p.head.properties.limits.timestampPeriod);
  for (const Quirk* quirk : quirks) quirk->amend(caps);
  return caps;
}

DeviceInfo read_info(const InstanceTable& vk, VkPhysicalDevice device) {
  const Properties p(vk, device);
  const VkPhysicalDeviceProperties& core = p.head.properties;
  DeviceInfo info;
  info.type = type_of_caps(core.deviceType);
  info.name = core.deviceName;
  info.api_version = version_string(core.apiVersion);
  info.driver_version = version_string(core.driverVersion);
  info.vendor_id = core.vendorID;
  info.device_id = core.deviceID;
  if (p.has_v12) {
    info.driver = p.v12.driverName;
    if (p.v12.driverInfo[0]) info.driver_version = p.v12.driverInfo;
    std::memcpy(info.uuid.data(), p.v11.deviceUUID, info.uuid.size());
    std::memcpy(info.driver_uuid.data(), p.v11.driverUUID, info.driver_uuid.size());
    info.luid_valid = p.v11.deviceLUIDValid == VK_TRUE;
    if (info.luid_valid) std::memcpy(info.luid.data(), p.v11.deviceLUID, info.luid.size());
  }
  for (const Quirk* quirk : quirks_of(p)) info.quirks.push_back({quirk->name, quirk->effect, quirk->remedy});
  if (p.has_pci)
    info.pci = formatted("%04x:%02x:%02x.%x", p.pci.pciDomain, p.pci.pciBus, p.pci.pciDevice, p.pci.pciFunction);
  VkPhysicalDeviceMemoryProperties memory;
  vk.vkGetPhysicalDeviceMemoryProperties(device, &memory);
  for (uint32_t i = 0; i < memory.memoryHeapCount; ++i)
    if (memory.memoryHeaps[i].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT)
      info.memory_bytes = std::max<uint64_t>(info.memory_bytes, memory.memoryHeaps[i].size);
  info.refusal = refusal_of(vk, device, core);
  info.usable = info.refusal.empty();
  info.caps = read_caps(vk, device, supported_features(vk, device), choose_compute_family(vk, device));
  return info;
}

DeviceCaps common_caps(const DeviceCaps& own) {
  DeviceCaps common = DeviceCaps::portable();
  common.determinism = Determinism::across_devices;
  common.max_allocation = own.max_allocation;
  common.memory_limit = own.memory_limit;
  common.memory_budget = own.memory_budget;
  common.unified_memory = own.unified_memory;
  common.timestamp_period = own.timestamp_period;
  common.longest_submission_ms = own.longest_submission_ms;
  common.pipeline_executable_properties = own.pipeline_executable_properties;
  return common;
}

DeviceCaps poorer(const DeviceCaps& a, const DeviceCaps& b) {
  DeviceCaps c = a;
  const auto least = [](auto& value, auto other) { value = std::min(value, other); };
  for (auto flag : {&DeviceCaps::subgroup_arithmetic, &DeviceCaps::subgroup_size_control, &DeviceCaps::fast_broadcast,
                    &DeviceCaps::fp16, &DeviceCaps::storage16, &DeviceCaps::storage8, &DeviceCaps::int8,
                    &DeviceCaps::cooperative_matrix, &DeviceCaps::buffer_device_address, &DeviceCaps::memory_budget,
                    &DeviceCaps::pipeline_executable_properties, &DeviceCaps::unified_memory})
    c.*flag = a.*flag && b.*flag;
  for (auto limit : {&DeviceCaps::max_workgroup_invocations, &DeviceCaps::max_workgroup_count,
                     &DeviceCaps::max_shared_memory, &DeviceCaps::max_push_constants})
    least(c.*limit, b.*limit);
  for (auto limit : {&DeviceCaps::max_storage_range, &DeviceCaps::max_allocation}) least(c.*limit, b.*limit);
  c.min_storage_offset_alignment = std::max(a.min_storage_offset_alignment, b.min_storage_offset_alignment);
  if (b.memory_limit) c.memory_limit = a.memory_limit ? std::min(a.memory_limit, b.memory_limit) : b.memory_limit;
  if (b.timestamp_period == 0) c.timestamp_period = 0;
  least(c.longest_submission_ms, b.longest_submission_ms);
  std::erase_if(c.matrix_shapes, [&](const DeviceCaps::MatrixShape& shape) {
    return std::ranges::find(b.matrix_shapes, shape) == b.matrix_shapes.end();
  });
  c.cooperative_matrix = c.cooperative_matrix && !c.matrix_shapes.empty();
  return c;
}

}  // namespace lemnos::vulkan
