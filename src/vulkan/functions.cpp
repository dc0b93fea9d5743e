#include "vulkan/functions.h"

#include "base/text.h"

namespace lemnos::vulkan {

namespace {
template <typename Function>
void require_entry(Function& entry, PFN_vkVoidFunction found, const char* name) {
  require(found != nullptr, ErrorCode::no_device, "no Vulkan device: the driver has no ", name);
  entry = reinterpret_cast<Function>(found);
}
}  // namespace

#define LEMNOS_LOAD(name) require_entry(table.name, load(#name), #name);
#define LEMNOS_LOAD_OPTIONAL(name) table.name = reinterpret_cast<PFN_##name>(load(#name));
#define LEMNOS_LOAD_ALIASED(name, alias) require_entry(table.name, load_either(#name, #alias), #name);

GlobalTable load_global_table(PFN_vkGetInstanceProcAddr get) {
  const auto load = [&](const char* name) { return get(VK_NULL_HANDLE, name); };
  GlobalTable table;
  table.vkGetInstanceProcAddr = get;
  LEMNOS_VK_GLOBAL_FUNCTIONS(LEMNOS_LOAD)
  return table;
}

InstanceTable load_instance_table(PFN_vkGetInstanceProcAddr get, VkInstance instance) {
  const auto load = [&](const char* name) { return get(instance, name); };
  InstanceTable table;
  table.vkGetInstanceProcAddr = get;
  LEMNOS_VK_INSTANCE_FUNCTIONS(LEMNOS_LOAD)
  LEMNOS_VK_INSTANCE_OPTIONAL_FUNCTIONS(LEMNOS_LOAD_OPTIONAL)
  return table;
}

DeviceTable load_device_table(const InstanceTable& instance, VkDevice device, uint32_t api_version) {
  const auto load = [&](const char* name) { return instance.vkGetDeviceProcAddr(device, name); };
  const auto load_either = [&](const char* name, const char* alias) {
    const bool core_first = api_version >= VK_API_VERSION_1_3;
    const PFN_vkVoidFunction first = load(core_first ? name : alias);
    return first ? first : load(core_first ? alias : name);
  };
  DeviceTable table;
  LEMNOS_VK_DEVICE_FUNCTIONS(LEMNOS_LOAD)
  LEMNOS_VK_DEVICE_ALIASED_FUNCTIONS(LEMNOS_LOAD_ALIASED)
  LEMNOS_VK_DEVICE_OPTIONAL_FUNCTIONS(LEMNOS_LOAD_OPTIONAL)
  return table;
}

}  // namespace lemnos::vulkan
