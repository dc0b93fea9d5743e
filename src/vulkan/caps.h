// Reads a physical device into the plain DeviceInfo and DeviceCaps of the public header: the only place that asks
// Vulkan what a device can do.
#pragma once

#include "lemnos/device.h"
#include "vulkan/features.h"

namespace lemnos::vulkan {

/// The queue family that Lemnos would choose: compute without graphics where there is one, else any with compute.
/// UINT32_MAX when the device has none.
uint32_t choose_compute_family(const InstanceTable& vk, VkPhysicalDevice device);
/// A family that only copies; UINT32_MAX when the device has none.
uint32_t choose_transfer_family(const InstanceTable& vk, VkPhysicalDevice device);

/// Caps are what the device supports and what `enabled` switches on. `compute_family` decides about timestamps.
DeviceCaps read_caps(const InstanceTable& vk, VkPhysicalDevice device, const FeatureSet& enabled,
                     uint32_t compute_family);

/// Fills everything, with `enabled` = all that is supported; `usable` is false with a `refusal` for a device that
/// lacks what is required. Never throws for a poor device.
DeviceInfo read_info(const InstanceTable& vk, VkPhysicalDevice device);

/// The kernels that every device has, for Determinism::across_devices; memory and time stay the device's own.
DeviceCaps common_caps(const DeviceCaps& own);

/// Feature by feature and limit by limit the poorer of two: how a test pretends that a device can do less.
DeviceCaps poorer(const DeviceCaps& a, const DeviceCaps& b);

}  // namespace lemnos::vulkan
