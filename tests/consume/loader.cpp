// An application that calls the Vulkan loader through its own link.
#include <vulkan/vulkan.h>

bool extra_check() {
  uint32_t version = 0;
  return vkEnumerateInstanceVersion(&version) == VK_SUCCESS && version >= VK_API_VERSION_1_1;
}
