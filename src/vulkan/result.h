// The one place where a VkResult becomes an Error (while building) or a Status (while running).
#pragma once

#include <vulkan/vulkan_core.h>

#include "base/text.h"

namespace lemnos::vulkan {

const char* to_string(VkResult result);
ErrorCode to_error_code(VkResult result);

/// A time-out or "not ready" is `cancelled`: nothing is broken, the result is not there. What Vulkan has no better
/// word for counts as `device_lost`.
Status to_status(VkResult result);

/// Throws unless `result` is success: "<parts>: VK_ERROR_OUT_OF_DEVICE_MEMORY (-2)".
template <typename... Parts>
void check(VkResult result, const Parts&... parts) {
  if (result < 0) [[unlikely]]
    fail(to_error_code(result), parts..., ": ", to_string(result), " (", static_cast<int>(result), ")");
}

}  // namespace lemnos::vulkan
