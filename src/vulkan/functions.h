// The Vulkan entry points that Lemnos calls, in tables of our own: one per instance, one per device.
//
// Nothing here is linked and nothing is global, so two contexts on two drivers never share a pointer, an application's
// own loader library cannot clash with ours, and a test can replace one entry of one device to inject a fault.
#pragma once

#ifndef VK_NO_PROTOTYPES
#define VK_NO_PROTOTYPES
#endif
#include <vulkan/vulkan_core.h>

namespace lemnos::vulkan {

/// Found before there is an instance.
#define LEMNOS_VK_GLOBAL_FUNCTIONS(X)       \
  X(vkEnumerateInstanceVersion)             \
  X(vkEnumerateInstanceExtensionProperties) \
  X(vkEnumerateInstanceLayerProperties)     \
  X(vkCreateInstance)

#define LEMNOS_VK_INSTANCE_FUNCTIONS(X)          \
  X(vkDestroyInstance)                           \
  X(vkEnumeratePhysicalDevices)                  \
  X(vkGetPhysicalDeviceProperties)               \
  X(vkGetPhysicalDeviceProperties2)              \
  X(vkGetPhysicalDeviceFeatures2)                \
  X(vkGetPhysicalDeviceExternalBufferProperties) \
  X(vkGetPhysicalDeviceMemoryProperties)         \
  X(vkGetPhysicalDeviceMemoryProperties2)        \
  X(vkGetPhysicalDeviceQueueFamilyProperties)    \
  X(vkEnumerateDeviceExtensionProperties)        \
  X(vkCreateDevice)                              \
  X(vkGetDeviceProcAddr)

#ifdef VK_KHR_cooperative_matrix
#define LEMNOS_VK_MATRIX_FUNCTIONS(X) X(vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR)
#else
#define LEMNOS_VK_MATRIX_FUNCTIONS(X)
#endif

/// Null where the instance has not enabled the extension.
#define LEMNOS_VK_INSTANCE_OPTIONAL_FUNCTIONS(X) \
  X(vkCreateDebugUtilsMessengerEXT)              \
  X(vkDestroyDebugUtilsMessengerEXT)             \
  LEMNOS_VK_MATRIX_FUNCTIONS(X)

#define LEMNOS_VK_DEVICE_FUNCTIONS(X) \
  X(vkDestroyDevice)                  \
  X(vkDeviceWaitIdle)                 \
  X(vkGetDeviceQueue)                 \
  X(vkAllocateMemory)                 \
  X(vkFreeMemory)                     \
  X(vkMapMemory)                      \
  X(vkUnmapMemory)                    \
  X(vkFlushMappedMemoryRanges)        \
  X(vkInvalidateMappedMemoryRanges)   \
  X(vkBindBufferMemory)               \
  X(vkBindBufferMemory2)              \
  X(vkBindImageMemory)                \
  X(vkBindImageMemory2)               \
  X(vkGetBufferMemoryRequirements)    \
  X(vkGetBufferMemoryRequirements2)   \
  X(vkGetImageMemoryRequirements)     \
  X(vkGetImageMemoryRequirements2)    \
  X(vkCreateBuffer)                   \
  X(vkDestroyBuffer)                  \
  X(vkCreateImage)                    \
  X(vkDestroyImage)                   \
  X(vkGetBufferDeviceAddress)         \
  X(vkCreateShaderModule)             \
  X(vkDestroyShaderModule)            \
  X(vkCreatePipelineCache)            \
  X(vkDestroyPipelineCache)           \
  X(vkGetPipelineCacheData)           \
  X(vkCreateComputePipelines)         \
  X(vkDestroyPipeline)                \
  X(vkCreatePipelineLayout)           \
  X(vkDestroyPipelineLayout)          \
  X(vkCreateDescriptorSetLayout)      \
  X(vkDestroyDescriptorSetLayout)     \
  X(vkCreateDescriptorPool)           \
  X(vkDestroyDescriptorPool)          \
  X(vkAllocateDescriptorSets)         \
  X(vkUpdateDescriptorSets)           \
  X(vkCreateCommandPool)              \
  X(vkDestroyCommandPool)             \
  X(vkResetCommandPool)               \
  X(vkAllocateCommandBuffers)         \
  X(vkFreeCommandBuffers)             \
  X(vkBeginCommandBuffer)             \
  X(vkEndCommandBuffer)               \
  X(vkCmdBindPipeline)                \
  X(vkCmdBindDescriptorSets)          \
  X(vkCmdPushConstants)               \
  X(vkCmdDispatch)                    \
  X(vkCmdDispatchBase)                \
  X(vkCmdDispatchIndirect)            \
  X(vkCmdCopyBuffer)                  \
  X(vkCmdFillBuffer)                  \
  X(vkCmdResetQueryPool)              \
  X(vkCreateQueryPool)                \
  X(vkDestroyQueryPool)               \
  X(vkGetQueryPoolResults)            \
  X(vkCreateSemaphore)                \
  X(vkDestroySemaphore)               \
  X(vkGetSemaphoreCounterValue)       \
  X(vkWaitSemaphores)                 \
  X(vkSignalSemaphore)

/// Core in 1.3; on 1.2 the same function under its extension's name.
#define LEMNOS_VK_DEVICE_ALIASED_FUNCTIONS(X)        \
  X(vkQueueSubmit2, vkQueueSubmit2KHR)               \
  X(vkCmdPipelineBarrier2, vkCmdPipelineBarrier2KHR) \
  X(vkCmdWriteTimestamp2, vkCmdWriteTimestamp2KHR)

#ifdef VK_EXT_device_fault
#define LEMNOS_VK_FAULT_FUNCTIONS(X) X(vkGetDeviceFaultInfoEXT)
#else
#define LEMNOS_VK_FAULT_FUNCTIONS(X)
#endif
#ifdef VK_KHR_device_fault
#define LEMNOS_VK_FAULT_REPORT_FUNCTIONS(X) X(vkGetDeviceFaultReportsKHR)
#else
#define LEMNOS_VK_FAULT_REPORT_FUNCTIONS(X)
#endif

/// Null where the device does not have the extension.
#define LEMNOS_VK_DEVICE_OPTIONAL_FUNCTIONS(X) \
  LEMNOS_VK_FAULT_FUNCTIONS(X)                 \
  LEMNOS_VK_FAULT_REPORT_FUNCTIONS(X)          \
  X(vkGetDeviceBufferMemoryRequirements)       \
  X(vkGetDeviceImageMemoryRequirements)        \
  X(vkSetDebugUtilsObjectNameEXT)              \
  X(vkCmdBeginDebugUtilsLabelEXT)              \
  X(vkCmdEndDebugUtilsLabelEXT)                \
  X(vkGetMemoryFdKHR)                          \
  X(vkGetMemoryFdPropertiesKHR)                \
  X(vkGetPipelineExecutablePropertiesKHR)      \
  X(vkGetPipelineExecutableStatisticsKHR)      \
  X(vkGetPipelineExecutableInternalRepresentationsKHR)

#define LEMNOS_VK_MEMBER(name) PFN_##name name = nullptr;
#define LEMNOS_VK_ALIASED_MEMBER(name, alias) PFN_##name name = nullptr;

struct GlobalTable {
  PFN_vkGetInstanceProcAddr vkGetInstanceProcAddr = nullptr;
  LEMNOS_VK_GLOBAL_FUNCTIONS(LEMNOS_VK_MEMBER)
};

struct InstanceTable {
  PFN_vkGetInstanceProcAddr vkGetInstanceProcAddr = nullptr;
  LEMNOS_VK_INSTANCE_FUNCTIONS(LEMNOS_VK_MEMBER)
  LEMNOS_VK_INSTANCE_OPTIONAL_FUNCTIONS(LEMNOS_VK_MEMBER)
};

struct DeviceTable {
  LEMNOS_VK_DEVICE_FUNCTIONS(LEMNOS_VK_MEMBER)
  LEMNOS_VK_DEVICE_ALIASED_FUNCTIONS(LEMNOS_VK_ALIASED_MEMBER)
  LEMNOS_VK_DEVICE_OPTIONAL_FUNCTIONS(LEMNOS_VK_MEMBER)
};

#undef LEMNOS_VK_MEMBER
#undef LEMNOS_VK_ALIASED_MEMBER

/// Each throws `no_device` naming the first entry point that is missing. Optional entries may stay null. Below
/// Vulkan 1.3 `api_version` makes the extensions' names come first: a driver may well offer a core name to an
/// application that asked for an older version, but owes it nothing.
GlobalTable load_global_table(PFN_vkGetInstanceProcAddr get);
InstanceTable load_instance_table(PFN_vkGetInstanceProcAddr get, VkInstance instance);
DeviceTable load_device_table(const InstanceTable& instance, VkDevice device, uint32_t api_version);

}  // namespace lemnos::vulkan
