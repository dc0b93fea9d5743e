// An application that loads Vulkan through volk, whose global vk* symbols are pointers: were one of Lemnos's among
// them, the two would not link, or call each other's.
#define VK_NO_PROTOTYPES
#define VOLK_IMPLEMENTATION
#include <volk.h>

#include <cstdint>

bool extra_check() {
  if (volkInitialize() != VK_SUCCESS) return false;
  const VkApplicationInfo about = {VK_STRUCTURE_TYPE_APPLICATION_INFO, nullptr, "app", 1, "app", 1, VK_API_VERSION_1_1};
  VkInstanceCreateInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO;
  info.pApplicationInfo = &about;
  VkInstance instance = VK_NULL_HANDLE;
  if (vkCreateInstance(&info, nullptr, &instance) != VK_SUCCESS) return false;
  volkLoadInstance(instance);
  uint32_t count = 0;
  vkEnumeratePhysicalDevices(instance, &count, nullptr);
  vkDestroyInstance(instance, nullptr);
  return count > 0;
}
