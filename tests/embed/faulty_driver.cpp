#include "faulty_driver.h"

#include <algorithm>
#include <set>
#include <span>
#include <utility>

#include "base/text.h"
#include "vulkan/owned_device.h"

namespace lemnos::embed_tests {

namespace {

FaultyDriver& the_faulty_driver() { return FaultyDriver::get(); }

const std::set<std::string> kMayBeLost = {"vkQueueSubmit2", "vkWaitSemaphores", "vkGetSemaphoreCounterValue",
                                          "vkGetQueryPoolResults"};

template <typename T>
void scribble(T*& handle) {
  handle = reinterpret_cast<T*>(FaultyDriver::kGarbage);
}
inline void scribble(uint64_t& handle) { handle = FaultyDriver::kGarbage; }

// An entry point that returns a result. With `creates` its last parameter is a handle that somebody must destroy.
template <auto Member, bool creates, typename Function = std::remove_cvref_t<decltype(vulkan::DeviceTable{}.*Member)>>
struct Failing;
template <auto Member, bool creates, typename... A>
struct Failing<Member, creates, VkResult(VKAPI_PTR*)(A...)> {
  static inline FaultyDriver::Entry* entry = nullptr;
  static VKAPI_ATTR VkResult VKAPI_CALL call(A... arguments) {
    const auto last = std::get<sizeof...(A) - 1>(std::tie(arguments...));
    if (const VkResult fails = the_faulty_driver().before(*entry); fails != VK_SUCCESS) {
      if constexpr (creates) scribble(*last);
      // A command buffer whose end fails is over all the same.
      if (entry->name == "vkEndCommandBuffer") (the_faulty_driver().real().*Member)(arguments...);
      return fails;
    }
    const VkResult result = (the_faulty_driver().real().*Member)(arguments...);
    if constexpr (creates)
      if (result == VK_SUCCESS) the_faulty_driver().made(*entry);
    return result;
  }
};

template <auto Member, typename Handle>
struct Destroying {
  static inline FaultyDriver::Entry* entry = nullptr;
  static VKAPI_ATTR void VKAPI_CALL call(VkDevice device, Handle handle, const VkAllocationCallbacks* callbacks) {
    if (the_faulty_driver().destroyed(*entry, (uint64_t)handle))
      (the_faulty_driver().real().*Member)(device, handle, callbacks);
  }
};

template <auto Member, bool creates>
void hook_failing(vulkan::DeviceTable& table, const char* name) {
  using Hook = Failing<Member, creates>;
  Hook::entry = &the_faulty_driver().entry(name);
  if (table.*Member) table.*Member = Hook::call;
}
template <auto Member, typename Handle>
void hook_destroying(vulkan::DeviceTable& table, const char* made_by) {
  using Hook = Destroying<Member, Handle>;
  Hook::entry = &the_faulty_driver().entry(made_by);
  table.*Member = Hook::call;
}

VKAPI_ATTR VkResult VKAPI_CALL create_module(VkDevice device, const VkShaderModuleCreateInfo* info,
                                             const VkAllocationCallbacks*, VkShaderModule* module) {
  FaultyDriver::Entry& entry = the_faulty_driver().entry("vkCreateShaderModule");
  if (const VkResult fails = the_faulty_driver().before(entry); fails != VK_SUCCESS) {
    scribble(*module);
    return fails;
  }
  the_faulty_driver().made(entry);
  return the_faulty_driver().make_module(device, info, module);
}

VKAPI_ATTR VkResult VKAPI_CALL create_pipelines(VkDevice device, VkPipelineCache, uint32_t count,
                                                const VkComputePipelineCreateInfo* infos, const VkAllocationCallbacks*,
                                                VkPipeline* pipelines) {
  FaultyDriver::Entry& entry = the_faulty_driver().entry("vkCreateComputePipelines");
  std::fill_n(pipelines, count, VkPipeline{VK_NULL_HANDLE});
  if (const VkResult fails = the_faulty_driver().before(entry); fails != VK_SUCCESS) return fails;
  for (uint32_t i = 0; i < count; ++i)
    if (const VkResult result = the_faulty_driver().make_pipeline(device, infos[i], &pipelines[i]);
        result != VK_SUCCESS)
      return result;
  the_faulty_driver().made(entry, static_cast<int>(count));
  return VK_SUCCESS;
}

// A pipeline that is kept is bound in later lives, which the layers allow only while its layouts are there.
template <auto Member, typename Handle>
VKAPI_ATTR void VKAPI_CALL destroy_later(VkDevice device, Handle handle, const VkAllocationCallbacks*) {
  if (!the_faulty_driver().destroyed(*Destroying<Member, Handle>::entry, (uint64_t)handle)) return;
  the_faulty_driver().at_close([=] { (the_faulty_driver().real().*Member)(device, handle, nullptr); });
}

// Pipelines are kept for the next life.
VKAPI_ATTR void VKAPI_CALL destroy_pipeline(VkDevice, VkPipeline pipeline, const VkAllocationCallbacks*) {
  (void)the_faulty_driver().destroyed(the_faulty_driver().entry("vkCreateComputePipelines"), (uint64_t)pipeline);
}

}  // namespace

FaultyDriver& FaultyDriver::get() {
  static FaultyDriver driver;
  return driver;
}

void FaultyDriver::open() {
  base_ = vulkan::open_device({.cache_folder = ""});
  chain_ = std::make_unique<vulkan::FeatureChain>(base_->features(), base_->api_version());
  real_ = base_->vk();
}

void FaultyDriver::close() {
  for (const auto& [key, pipeline] : pipelines_) real_.vkDestroyPipeline(base_->device(), pipeline, nullptr);
  for (const auto& destroy : at_close_) destroy();
  pipelines_.clear();
  at_close_.clear();
  modules_.clear();
  base_.reset();
}

std::shared_ptr<vulkan::Context> FaultyDriver::adopt(const std::function<void(DeviceCaps&)>& limits, Logger logger,
                                                     const std::function<void(vulkan::AdoptInfo&)>& amend) {
  const std::vector<const char*> extensions = vulkan::extensions_for(base_->features(), base_->api_version());
  vulkan::AdoptInfo info{.instance = base_->instance(),
                         .physical_device = base_->physical_device(),
                         .device = base_->device(),
                         .get_instance_proc_addr = base_->instance_vk().vkGetInstanceProcAddr,
                         .api_version = base_->api_version(),
                         .enabled_extensions = extensions,
                         .enabled_features = chain_->head(),
                         .compute_queue = base_->queue(),
                         .logger = std::move(logger),
                         .adjust_table = [this](vulkan::DeviceTable& table) { adjust(table); }};
  if (amend) amend(info);
  const auto context = vulkan::Context::adopt(info);
  DeviceCaps poorer = context->caps();
  limits(poorer);
  context->clamp_caps(poorer);
  return context;
}

#define LEMNOS_FAILS(name) hook_failing<&vulkan::DeviceTable::name, false>(table, #name)
#define LEMNOS_MAKES(name, destroyer, Handle)                   \
  hook_failing<&vulkan::DeviceTable::name, true>(table, #name); \
  hook_destroying<&vulkan::DeviceTable::destroyer, Handle>(table, #name)

void FaultyDriver::adjust(vulkan::DeviceTable& table) {
  hook_failing<&vulkan::DeviceTable::vkAllocateMemory, true>(table, "vkAllocateMemory");
  hook_destroying<&vulkan::DeviceTable::vkFreeMemory, VkDeviceMemory>(table, "vkAllocateMemory");
  LEMNOS_MAKES(vkCreateBuffer, vkDestroyBuffer, VkBuffer);
  LEMNOS_MAKES(vkCreatePipelineCache, vkDestroyPipelineCache, VkPipelineCache);
  LEMNOS_MAKES(vkCreatePipelineLayout, vkDestroyPipelineLayout, VkPipelineLayout);
  LEMNOS_MAKES(vkCreateDescriptorSetLayout, vkDestroyDescriptorSetLayout, VkDescriptorSetLayout);
  LEMNOS_MAKES(vkCreateDescriptorPool, vkDestroyDescriptorPool, VkDescriptorPool);
  LEMNOS_MAKES(vkCreateCommandPool, vkDestroyCommandPool, VkCommandPool);
  LEMNOS_MAKES(vkCreateQueryPool, vkDestroyQueryPool, VkQueryPool);
  LEMNOS_MAKES(vkCreateSemaphore, vkDestroySemaphore, VkSemaphore);
  LEMNOS_FAILS(vkMapMemory);
  LEMNOS_FAILS(vkBindBufferMemory);
  LEMNOS_FAILS(vkBindBufferMemory2);
  LEMNOS_FAILS(vkFlushMappedMemoryRanges);
  LEMNOS_FAILS(vkInvalidateMappedMemoryRanges);
  LEMNOS_FAILS(vkGetPipelineCacheData);
  LEMNOS_FAILS(vkAllocateDescriptorSets);
  LEMNOS_FAILS(vkAllocateCommandBuffers);
  LEMNOS_FAILS(vkBeginCommandBuffer);
  LEMNOS_FAILS(vkEndCommandBuffer);
  LEMNOS_FAILS(vkGetQueryPoolResults);
  LEMNOS_FAILS(vkGetSemaphoreCounterValue);
  LEMNOS_FAILS(vkWaitSemaphores);
  LEMNOS_FAILS(vkQueueSubmit2);
  LEMNOS_FAILS(vkGetMemoryFdKHR);
  LEMNOS_FAILS(vkGetMemoryFdPropertiesKHR);
  table.vkCreateShaderModule = create_module;
  hook_destroying<&vulkan::DeviceTable::vkDestroyShaderModule, VkShaderModule>(table, "vkCreateShaderModule");
  table.vkCreateComputePipelines = create_pipelines;
  table.vkDestroyPipeline = destroy_pipeline;
  table.vkDestroyPipelineLayout = destroy_later<&vulkan::DeviceTable::vkDestroyPipelineLayout, VkPipelineLayout>;
  table.vkDestroyDescriptorSetLayout =
      destroy_later<&vulkan::DeviceTable::vkDestroyDescriptorSetLayout, VkDescriptorSetLayout>;
}

FaultyDriver::Entry& FaultyDriver::entry(const char* name) {
  const std::lock_guard lock(mutex_);
  Entry& found = entries_[name];
  found.name = name;
  return found;
}

void FaultyDriver::arm(const Fault& fault, int n) {
  const std::lock_guard lock(mutex_);
  for (auto& [name, entry] : entries_) entry.calls = entry.live = 0;
  armed_ = fault.entry;
  result_ = fault.result;
  at_ = n;
  fired_ = lost_ = false;
  unknown_ = 0;
}

VkResult FaultyDriver::before(Entry& entry) {
  const std::lock_guard lock(mutex_);
  ++entry.calls;
  if (lost_) return kMayBeLost.contains(entry.name) ? VK_ERROR_DEVICE_LOST : VK_SUCCESS;
  if (at_ == 0 || entry.calls != at_ || entry.name != armed_) return VK_SUCCESS;
  fired_ = true;
  if (result_ == VK_ERROR_DEVICE_LOST) {
    lost_ = true;
    real_.vkDeviceWaitIdle(base_->device());  // what runs on a lost device is over
  }
  return result_;
}

int FaultyDriver::calls(const std::string& entry) {
  const std::lock_guard lock(mutex_);
  return entries_[entry].calls;
}

void FaultyDriver::made(Entry& entry, int count) {
  const std::lock_guard lock(mutex_);
  entry.live += count;
}

bool FaultyDriver::destroyed(Entry& entry, uint64_t handle) {
  const std::lock_guard lock(mutex_);
  if (handle == 0) return false;
  unknown_ += handle == kGarbage;
  entry.live -= handle != kGarbage;
  return handle != kGarbage;
}

void FaultyDriver::at_close(std::function<void()> destroy) {
  const std::lock_guard lock(mutex_);
  at_close_.push_back(std::move(destroy));
}

std::vector<std::string> FaultyDriver::leaks() {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> lines;
  for (const auto& [name, entry] : entries_)
    if (entry.live != 0) lines.push_back(text(name, ": ", entry.live, " not destroyed"));
  if (unknown_ > 0) lines.push_back(text(unknown_, " handles destroyed that were never made"));
  return lines;
}

VkResult FaultyDriver::make_module(VkDevice device, const VkShaderModuleCreateInfo* info, VkShaderModule* module) {
  const VkResult result = real_.vkCreateShaderModule(device, info, nullptr, module);
  const std::lock_guard lock(mutex_);
  modules_[*module] = {reinterpret_cast<const char*>(info->pCode), info->codeSize};
  return result;
}

VkResult FaultyDriver::make_pipeline(VkDevice device, const VkComputePipelineCreateInfo& info, VkPipeline* pipeline) {
  const std::lock_guard lock(mutex_);
  const VkSpecializationInfo& spec = *info.stage.pSpecializationInfo;
  std::string key = modules_.at(info.stage.module);
  key.append(static_cast<const char*>(spec.pData), spec.dataSize);
  key += text(' ', info.flags, ' ', info.stage.flags, ' ', info.stage.pNext != nullptr);
  if (const auto known = pipelines_.find(key); known != pipelines_.end()) {
    *pipeline = known->second;
    return VK_SUCCESS;
  }
  const VkResult result = real_.vkCreateComputePipelines(device, VK_NULL_HANDLE, 1, &info, nullptr, pipeline);
  if (result == VK_SUCCESS) pipelines_[key] = *pipeline;
  return result;
}

}  // namespace lemnos::embed_tests
