// What the Vulkan part of lemnos.h shares: the header shows it to those who have included vulkan_core.h before.
#pragma once

#include "lemnos/vulkan.h"
//
#include "api/c_handles.h"

namespace lemnos::c {

inline lemnos_vulkan_buffer range_of(const VulkanBuffer& from) {
  return {sizeof(lemnos_vulkan_buffer), 0, from.buffer, from.offset, from.size};
}

}  // namespace lemnos::c
