// What a driver says of why it lost the device: VK_EXT_device_fault, or VK_KHR_device_fault where there is only that.
#pragma once

#include <string>

#include "vulkan/functions.h"

namespace lemnos::vulkan {

/// A line for each thing that is said, each after a line break; empty where the entry points are not there, or silent.
std::string device_fault(const DeviceTable& vk, VkDevice device);

}  // namespace lemnos::vulkan
