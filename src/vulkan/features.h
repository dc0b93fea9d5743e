// Which optional abilities of Vulkan a device has, and which an application has switched on.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "vulkan/functions.h"

namespace lemnos::vulkan {

/// One flag per feature that Lemnos knows how to use. The first two are required, everything else is optional.
struct FeatureSet {
  bool timeline_semaphore = false;
  bool synchronization2 = false;

  bool fp16 = false;       // shaderFloat16
  bool int8 = false;       // shaderInt8
  bool int16 = false;      // shaderInt16
  bool int64 = false;      // shaderInt64
  bool storage16 = false;  // storageBuffer16BitAccess
  bool storage8 = false;   // storageBuffer8BitAccess
  bool scalar_block_layout = false;
  bool buffer_device_address = false;
  bool memory_model = false;  // vulkanMemoryModel with device scope
  bool subgroup_size_control = false;
  bool full_subgroups = false;  // computeFullSubgroups
  bool subgroup_extended_types = false;
  bool cooperative_matrix = false;
  bool bfloat16_matrix = false;  // shaderBFloat16Type and shaderBFloat16CooperativeMatrix
  bool pipeline_executable_properties = false;
  bool device_fault = false;      // VK_EXT_device_fault
  bool device_fault_khr = false;  // VK_KHR_device_fault
  // Extensions without a feature flag:
  bool memory_budget = false;
  bool external_memory_fd = false;
  bool external_memory_dma_buf = false;
  bool external_memory_win32 = false;

  bool operator==(const FeatureSet&) const = default;
};

/// What every adopted device must have switched on.
FeatureSet required_features();

/// What the physical device could do, through its features and extensions.
FeatureSet supported_features(const InstanceTable& vk, VkPhysicalDevice device);

/// What an application says it enabled, read from its chain (VkPhysicalDeviceFeatures2 and any of the aggregate or
/// single feature structures) and its extension list. `chain` may be null.
FeatureSet enabled_features(const VkPhysicalDeviceFeatures2* chain, std::span<const char* const> extensions);

/// The extensions that a device of `api_version` needs for `features`; the pointers live for ever.
std::vector<const char*> extensions_for(const FeatureSet& features, uint32_t api_version);

/// The extension names that the physical device offers.
std::vector<std::string> device_extensions(const InstanceTable& vk, VkPhysicalDevice device);

/// Owns a linked chain of feature structures, ready for VkDeviceCreateInfo::pNext. It points into itself: it stays
/// where it was made.
class FeatureChain {
 public:
  FeatureChain(const FeatureSet& features, uint32_t api_version);
  FeatureChain(const FeatureChain&) = delete;
  FeatureChain& operator=(const FeatureChain&) = delete;

  const VkPhysicalDeviceFeatures2* head() const { return &features2_; }
  /// To be filled by vkGetPhysicalDeviceFeatures2.
  VkPhysicalDeviceFeatures2* mutable_head() { return &features2_; }

 private:
  void link_optional(const FeatureSet& features, void** tail);

  VkPhysicalDeviceFeatures2 features2_{};
  VkPhysicalDeviceVulkan11Features vulkan11_{};
  VkPhysicalDeviceVulkan12Features vulkan12_{};
  VkPhysicalDeviceSynchronization2Features synchronization2_{};
  VkPhysicalDeviceSubgroupSizeControlFeatures subgroup_size_control_{};
  VkPhysicalDevicePipelineExecutablePropertiesFeaturesKHR executable_properties_{};
#ifdef VK_KHR_cooperative_matrix
  VkPhysicalDeviceCooperativeMatrixFeaturesKHR cooperative_matrix_{};
#endif
#ifdef VK_KHR_shader_bfloat16
  VkPhysicalDeviceShaderBfloat16FeaturesKHR bfloat16_{};
#endif
#ifdef VK_EXT_device_fault
  VkPhysicalDeviceFaultFeaturesEXT fault_{};
#endif
#ifdef VK_KHR_device_fault
  VkPhysicalDeviceFaultFeaturesKHR fault_khr_{};
#endif
};

}  // namespace lemnos::vulkan
