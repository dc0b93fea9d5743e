// Vulkan calls that must not fail.
#pragma once

#include <vulkan/vulkan.h>

#include <stdexcept>
#include <string>

inline void vk_check(VkResult result, const char* what) {
  if (result != VK_SUCCESS) throw std::runtime_error(std::string(what) + ": VkResult " + std::to_string(result));
}
