// What an application's device needs before it is created.

#include <utility>

#include "base/text.h"
#include "lemnos/vulkan.h"
#include "vulkan/caps.h"
#include "vulkan/features.h"

namespace lemnos {

struct VulkanRequirements::Impl {
  Impl(const vulkan::FeatureSet& set, uint32_t api_version)
      : features(set), chain(set, api_version), extensions(vulkan::extensions_for(set, api_version)) {}
  vulkan::FeatureSet features;
  vulkan::FeatureChain chain;
  std::vector<const char*> extensions;
  std::string refusal;
  uint32_t compute_family = 0;
};

VulkanRequirements::VulkanRequirements(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
VulkanRequirements::VulkanRequirements(VulkanRequirements&&) noexcept = default;
VulkanRequirements& VulkanRequirements::operator=(VulkanRequirements&&) noexcept = default;
VulkanRequirements::~VulkanRequirements() = default;

const std::string& VulkanRequirements::refusal() const { return impl_->refusal; }
const std::vector<const char*>& VulkanRequirements::extensions() const { return impl_->extensions; }
const VkPhysicalDeviceFeatures2* VulkanRequirements::features() const { return impl_->chain.head(); }
uint32_t VulkanRequirements::compute_family() const { return impl_->compute_family; }

VulkanRequirements required_vulkan(VkInstance instance, VkPhysicalDevice physical_device,
                                   PFN_vkGetInstanceProcAddr get_instance_proc_addr, uint32_t api_version,
                                   bool optional) {
  require(instance && physical_device && get_instance_proc_addr, ErrorCode::invalid_argument,
          "required_vulkan: an instance, a physical device and vkGetInstanceProcAddr are needed");
  const vulkan::InstanceTable vk = vulkan::load_instance_table(get_instance_proc_addr, instance);
  const vulkan::FeatureSet wanted =
      optional ? vulkan::supported_features(vk, physical_device) : vulkan::required_features();
  auto impl = std::make_unique<VulkanRequirements::Impl>(wanted, api_version);
  const DeviceInfo info = vulkan::read_info(vk, physical_device);
  impl->refusal = info.refusal;
  if (impl->refusal.empty() && api_version < VK_API_VERSION_1_2)
    impl->refusal = text("Vulkan ", VK_API_VERSION_MAJOR(api_version), ".", VK_API_VERSION_MINOR(api_version),
                         ", and 1.2 is needed");
  impl->compute_family = vulkan::choose_compute_family(vk, physical_device);
  return VulkanRequirements(std::move(impl));
}

namespace {

// Switches a flag on where the chain has the structure; notes that it did.
void enable_one(VkBaseOutStructure* link, const vulkan::FeatureSet& f) {
  const auto as = [link]<typename T>(T*) { return reinterpret_cast<T*>(link); };
  const auto on = [](VkBool32& flag, bool wanted) { flag = flag || wanted ? VK_TRUE : VK_FALSE; };
  switch (link->sType) {
    case VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2: {
      auto* s = as(static_cast<VkPhysicalDeviceFeatures2*>(nullptr));
      on(s->features.shaderInt16, f.int16);
      on(s->features.shaderInt64, f.int64);
      break;
    }
    case VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES:
      on(as(static_cast<VkPhysicalDeviceVulkan11Features*>(nullptr))->storageBuffer16BitAccess, f.storage16);
      break;
    case VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES: {
      auto* s = as(static_cast<VkPhysicalDeviceVulkan12Features*>(nullptr));
      on(s->timelineSemaphore, f.timeline_semaphore);
      on(s->shaderFloat16, f.fp16);
      on(s->shaderInt8, f.int8);
      on(s->storageBuffer8BitAccess, f.storage8);
      on(s->scalarBlockLayout, f.scalar_block_layout);
      on(s->bufferDeviceAddress, f.buffer_device_address);
      on(s->vulkanMemoryModel, f.memory_model);
      on(s->vulkanMemoryModelDeviceScope, f.memory_model);
      on(s->shaderSubgroupExtendedTypes, f.subgroup_extended_types);
      break;
    }
    case VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES: {
      auto* s = as(static_cast<VkPhysicalDeviceVulkan13Features*>(nullptr));
      on(s->synchronization2, f.synchronization2);
      on(s->subgroupSizeControl, f.subgroup_size_control);
      on(s->computeFullSubgroups, f.full_subgroups);
      break;
    }
    case VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES:
      on(as(static_cast<VkPhysicalDeviceTimelineSemaphoreFeatures*>(nullptr))->timelineSemaphore, f.timeline_semaphore);
      break;
    case VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SYNCHRONIZATION_2_FEATURES:
      on(as(static_cast<VkPhysicalDeviceSynchronization2Features*>(nullptr))->synchronization2, f.synchronization2);
      break;
    default: break;
  }
}

}  // namespace

std::vector<std::string> VulkanRequirements::enable_in(VkPhysicalDeviceFeatures2& chain) const {
  for (auto* link = reinterpret_cast<VkBaseOutStructure*>(&chain); link; link = link->pNext)
    enable_one(link, impl_->features);
  const vulkan::FeatureSet now = vulkan::enabled_features(&chain, impl_->extensions);
  std::vector<std::string> missing;
  if (!now.timeline_semaphore) missing.emplace_back("timelineSemaphore");
  if (!now.synchronization2) missing.emplace_back("synchronization2");
  return missing;
}

}  // namespace lemnos
