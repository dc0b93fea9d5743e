#include "vulkan/features.h"

#include <algorithm>
#include <string_view>

namespace lemnos::vulkan {

namespace {

constexpr const char* kMatrixExtension = "VK_KHR_cooperative_matrix";
constexpr const char* kBfloat16Extension = "VK_KHR_shader_bfloat16";
constexpr const char* kFaultExtension = "VK_EXT_device_fault";
constexpr const char* kFaultKhrExtension = "VK_KHR_device_fault";
constexpr const char* kBudgetExtension = VK_EXT_MEMORY_BUDGET_EXTENSION_NAME;
constexpr const char* kMemoryFdExtension = VK_KHR_EXTERNAL_MEMORY_FD_EXTENSION_NAME;
constexpr const char* kDmaBufExtension = VK_EXT_EXTERNAL_MEMORY_DMA_BUF_EXTENSION_NAME;
constexpr const char* kWin32Extension = "VK_KHR_external_memory_win32";
constexpr const char* kStatisticsExtension = VK_KHR_PIPELINE_EXECUTABLE_PROPERTIES_EXTENSION_NAME;
constexpr const char* kSynchronizationExtension = VK_KHR_SYNCHRONIZATION_2_EXTENSION_NAME;
constexpr const char* kSubgroupSizeExtension = VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME;

template <typename Names>
bool has(const Names& names, std::string_view wanted) {
  return std::ranges::any_of(names, [&](const auto& name) { return wanted == std::string_view(name); });
}

// The first structure of that type in the chain, or null.
template <typename Structure>
const Structure* find(const void* chain, VkStructureType type) {
  for (auto* link = static_cast<const VkBaseInStructure*>(chain); link; link = link->pNext)
    if (link->sType == type) return reinterpret_cast<const Structure*>(link);
  return nullptr;
}

void read_aggregates(const void* chain, FeatureSet& set) {
  if (auto* core = find<VkPhysicalDeviceFeatures2>(chain, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2)) {
    set.int16 |= core->features.shaderInt16 == VK_TRUE;
    set.int64 |= core->features.shaderInt64 == VK_TRUE;
  }
  if (auto* v11 = find<VkPhysicalDeviceVulkan11Features>(chain, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES))
    set.storage16 |= v11->storageBuffer16BitAccess == VK_TRUE;
  if (auto* v12 =
          find<VkPhysicalDeviceVulkan12Features>(chain, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES)) {
    set.timeline_semaphore |= v12->timelineSemaphore == VK_TRUE;
    set.fp16 |= v12->shaderFloat16 == VK_TRUE;
    set.int8 |= v12->shaderInt8 == VK_TRUE;
    set.storage8 |= v12->storageBuffer8BitAccess == VK_TRUE;
    set.scalar_block_layout |= v12->scalarBlockLayout == VK_TRUE;
    set.buffer_device_address |= v12->bufferDeviceAddress == VK_TRUE;
    set.memory_model |= v12->vulkanMemoryModel == VK_TRUE && v12->vulkanMemoryModelDeviceScope == VK_TRUE;
    set.subgroup_extended_types |= v12->shaderSubgroupExtendedTypes == VK_TRUE;
  }
  if (auto* v13 =
          find<VkPhysicalDeviceVulkan13Features>(chain, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES)) {
    set.synchronization2 |= v13->synchronization2 == VK_TRUE;
    set.subgroup_size_control |= v13->subgroupSizeControl == VK_TRUE;
    set.full_subgroups |= v13->computeFullSubgroups == VK_TRUE;
  }
}

// The single structures that an application may use in place of an aggregate.
void read_singles(const void* chain, FeatureSet& set) {
  if (auto* f = find<VkPhysicalDeviceTimelineSemaphoreFeatures>(
          chain, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES))
    set.timeline_semaphore |= f->timelineSemaphore == VK_TRUE;
  if (auto* f = find<VkPhysicalDeviceSynchronization2Features>(
          chain, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SYNCHRONIZATION_2_FEATURES))
    set.synchronization2 |= f->synchronization2 == VK_TRUE;
  if (auto* f = find<VkPhysicalDeviceShaderFloat16Int8Features>(
          chain, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_FLOAT16_INT8_FEATURES)) {
    set.fp16 |= f->shaderFloat16 == VK_TRUE;
    set.int8 |= f->shaderInt8 == VK_TRUE;
  }
  if (auto* f =
          find<VkPhysicalDevice16BitStorageFeatures>(chain, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_16BIT_STORAGE_FEATURES))
    set.storage16 |= f->storageBuffer16BitAccess == VK_TRUE;
  if (auto* f =
          find<VkPhysicalDevice8BitStorageFeatures>(chain, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_8BIT_STORAGE_FEATURES))
    set.storage8 |= f->storageBuffer8BitAccess == VK_TRUE;
  if (auto* f = find<VkPhysicalDeviceScalarBlockLayoutFeatures>(
          chain, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SCALAR_BLOCK_LAYOUT_FEATURES))
    set.scalar_block_layout |= f->scalarBlockLayout == VK_TRUE;
  if (auto* f = find<VkPhysicalDeviceBufferDeviceAddressFeatures>(
          chain, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_BUFFER_DEVICE_ADDRESS_FEATURES))
    set.buffer_device_address |= f->bufferDeviceAddress == VK_TRUE;
  if (auto* f = find<VkPhysicalDeviceVulkanMemoryModelFeatures>(
          chain, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_MEMORY_MODEL_FEATURES))
    set.memory_model |= f->vulkanMemoryModel == VK_TRUE && f->vulkanMemoryModelDeviceScope == VK_TRUE;
  if (auto* f = find<VkPhysicalDeviceShaderSubgroupExtendedTypesFeatures>(
          chain, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_SUBGROUP_EXTENDED_TYPES_FEATURES))
    set.subgroup_extended_types |= f->shaderSubgroupExtendedTypes == VK_TRUE;
  if (auto* f = find<VkPhysicalDeviceSubgroupSizeControlFeatures>(
          chain, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES)) {
    set.subgroup_size_control |= f->subgroupSizeControl == VK_TRUE;
    set.full_subgroups |= f->computeFullSubgroups == VK_TRUE;
  }
  if (auto* f = find<VkPhysicalDevicePipelineExecutablePropertiesFeaturesKHR>(
          chain, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PIPELINE_EXECUTABLE_PROPERTIES_FEATURES_KHR))
    set.pipeline_executable_properties |= f->pipelineExecutableInfo == VK_TRUE;
#ifdef VK_KHR_cooperative_matrix
  if (auto* f = find<VkPhysicalDeviceCooperativeMatrixFeaturesKHR>(
          chain, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR))
    set.cooperative_matrix |= f->cooperativeMatrix == VK_TRUE;
#endif
#ifdef VK_KHR_shader_bfloat16
  if (auto* f = find<VkPhysicalDeviceShaderBfloat16FeaturesKHR>(
          chain, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_BFLOAT16_FEATURES_KHR))
    set.bfloat16_matrix |= f->shaderBFloat16Type == VK_TRUE && f->shaderBFloat16CooperativeMatrix == VK_TRUE;
#endif
#ifdef VK_EXT_device_fault
  if (auto* f = find<VkPhysicalDeviceFaultFeaturesEXT>(chain, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FAULT_FEATURES_EXT))
    set.device_fault |= f->deviceFault == VK_TRUE;
#endif
#ifdef VK_KHR_device_fault
  if (auto* f = find<VkPhysicalDeviceFaultFeaturesKHR>(chain, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FAULT_FEATURES_KHR))
    set.device_fault_khr |= f->deviceFault == VK_TRUE;
#endif
}

template <typename Names>
FeatureSet read_chain(const VkPhysicalDeviceFeatures2* chain, const Names& extensions) {
  FeatureSet set;
  read_aggregates(chain, set);
  read_singles(chain, set);
  set.memory_budget = has(extensions, kBudgetExtension);
  set.external_memory_fd = has(extensions, kMemoryFdExtension);
  set.external_memory_dma_buf = has(extensions, kDmaBufExtension) && set.external_memory_fd;
  set.external_memory_win32 = has(extensions, kWin32Extension);
  // A feature bit without its extension would make us call functions that were never enabled.
  set.pipeline_executable_properties &= has(extensions, kStatisticsExtension);
  set.device_fault &= has(extensions, kFaultExtension);
  set.device_fault_khr &= has(extensions, kFaultKhrExtension);
  set.cooperative_matrix &= has(extensions, kMatrixExtension) && set.memory_model;
  set.bfloat16_matrix &= has(extensions, kBfloat16Extension) && set.cooperative_matrix;
  return set;
}

}  // namespace

FeatureSet required_features() { return {.timeline_semaphore = true, .synchronization2 = true}; }

std::vector<std::string> device_extensions(const InstanceTable& vk, VkPhysicalDevice device) {
  std::vector<VkExtensionProperties> properties;
  uint32_t count = 0;
  VkResult result = VK_INCOMPLETE;
  while (result == VK_INCOMPLETE) {
    vk.vkEnumerateDeviceExtensionProperties(device, nullptr, &count, nullptr);
    properties.resize(count);
    result = vk.vkEnumerateDeviceExtensionProperties(device, nullptr, &count, properties.data());
  }
  properties.resize(result < 0 ? 0 : count);
  std::vector<std::string> names;
  for (const VkExtensionProperties& p : properties) names.emplace_back(p.extensionName);
  return names;
}

FeatureSet supported_features(const InstanceTable& vk, VkPhysicalDevice device) {
  VkPhysicalDeviceProperties properties;
  vk.vkGetPhysicalDeviceProperties(device, &properties);
  if (properties.apiVersion < VK_API_VERSION_1_2) return {};
  const std::vector<std::string> extensions = device_extensions(vk, device);
  // Only structures that this device knows may be in the chain that asks it.
  const bool core_1_3 = properties.apiVersion >= VK_API_VERSION_1_3;
  const FeatureSet askable = {.synchronization2 = core_1_3 || has(extensions, kSynchronizationExtension),
                              .subgroup_size_control = core_1_3 || has(extensions, kSubgroupSizeExtension),
                              .cooperative_matrix = has(extensions, kMatrixExtension),
                              .bfloat16_matrix = has(extensions, kBfloat16Extension),
                              .pipeline_executable_properties = has(extensions, kStatisticsExtension),
                              .device_fault = has(extensions, kFaultExtension),
                              .device_fault_khr = has(extensions, kFaultKhrExtension)};
  FeatureChain chain(askable, properties.apiVersion);
  vk.vkGetPhysicalDeviceFeatures2(device, chain.mutable_head());
  return read_chain(chain.head(), extensions);
}

FeatureSet enabled_features(const VkPhysicalDeviceFeatures2* chain, std::span<const char* const> extensions) {
  return read_chain(chain, extensions);
}

std::vector<const char*> extensions_for(const FeatureSet& features, uint32_t api_version) {
  std::vector<const char*> names;
  const bool core_1_3 = api_version >= VK_API_VERSION_1_3;
  if (features.synchronization2 && !core_1_3) names.push_back(kSynchronizationExtension);
  if ((features.subgroup_size_control || features.full_subgroups) && !core_1_3) names.push_back(kSubgroupSizeExtension);
  if (features.pipeline_executable_properties) names.push_back(kStatisticsExtension);
  if (features.cooperative_matrix) names.push_back(kMatrixExtension);
  if (features.bfloat16_matrix) names.push_back(kBfloat16Extension);
  if (features.device_fault) names.push_back(kFaultExtension);
  if (features.device_fault_khr) names.push_back(kFaultKhrExtension);
  if (features.memory_budget) names.push_back(kBudgetExtension);
  if (features.external_memory_fd) names.push_back(kMemoryFdExtension);
  if (features.external_memory_dma_buf) names.push_back(kDmaBufExtension);
  if (features.external_memory_win32) names.push_back(kWin32Extension);
  return names;
}

FeatureChain::FeatureChain(const FeatureSet& set, uint32_t api_version) {
  void** tail = &features2_.pNext;
  const auto link = [&tail](auto& structure, VkStructureType type) {
    structure.sType = type;
    *tail = &structure;
    tail = &structure.pNext;
  };
  const auto flag = [](bool on) -> VkBool32 { return on ? VK_TRUE : VK_FALSE; };
  features2_.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2;
  features2_.features.shaderInt16 = flag(set.int16);
  features2_.features.shaderInt64 = flag(set.int64);
  if (api_version < VK_API_VERSION_1_2) return;

  link(vulkan11_, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES);
  vulkan11_.storageBuffer16BitAccess = flag(set.storage16);
  link(vulkan12_, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES);
  vulkan12_.timelineSemaphore = flag(set.timeline_semaphore);
  vulkan12_.shaderFloat16 = flag(set.fp16);
  vulkan12_.shaderInt8 = flag(set.int8);
  vulkan12_.storageBuffer8BitAccess = flag(set.storage8);
  vulkan12_.scalarBlockLayout = flag(set.scalar_block_layout);
  vulkan12_.bufferDeviceAddress = flag(set.buffer_device_address);
  vulkan12_.vulkanMemoryModel = vulkan12_.vulkanMemoryModelDeviceScope = flag(set.memory_model);
  vulkan12_.shaderSubgroupExtendedTypes = flag(set.subgroup_extended_types);
  link_optional(set, tail);
}

void FeatureChain::link_optional(const FeatureSet& set, void** tail) {
  const auto link = [&tail](auto& structure, VkStructureType type) {
    structure.sType = type;
    *tail = &structure;
    tail = &structure.pNext;
  };
  if (set.synchronization2) {
    link(synchronization2_, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SYNCHRONIZATION_2_FEATURES);
    synchronization2_.synchronization2 = VK_TRUE;
  }
  if (set.subgroup_size_control || set.full_subgroups) {
    link(subgroup_size_control_, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES);
    subgroup_size_control_.subgroupSizeControl = set.subgroup_size_control ? VK_TRUE : VK_FALSE;
    subgroup_size_control_.computeFullSubgroups = set.full_subgroups ? VK_TRUE : VK_FALSE;
  }
  if (set.pipeline_executable_properties) {
    link(executable_properties_, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PIPELINE_EXECUTABLE_PROPERTIES_FEATURES_KHR);
    executable_properties_.pipelineExecutableInfo = VK_TRUE;
  }
#ifdef VK_KHR_cooperative_matrix
  if (set.cooperative_matrix) {
    link(cooperative_matrix_, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR);
    cooperative_matrix_.cooperativeMatrix = VK_TRUE;
  }
#endif
#ifdef VK_KHR_shader_bfloat16
  if (set.bfloat16_matrix) {
    link(bfloat16_, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_BFLOAT16_FEATURES_KHR);
    bfloat16_.shaderBFloat16Type = bfloat16_.shaderBFloat16CooperativeMatrix = VK_TRUE;
  }
#endif
#ifdef VK_EXT_device_fault
  if (set.device_fault) {
    link(fault_, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FAULT_FEATURES_EXT);
    fault_.deviceFault = VK_TRUE;
  }
#endif
#ifdef VK_KHR_device_fault
  if (set.device_fault_khr) {
    link(fault_khr_, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FAULT_FEATURES_KHR);
    fault_khr_.deviceFault = VK_TRUE;
  }
#endif
}

}  // namespace lemnos::vulkan
