#include "vulkan/kernel.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <exception>
#include <thread>

#include "base/hash.h"
#include "base/threads.h"
#include "vulkan/cache_file.h"
#include "vulkan/context.h"
#include "vulkan/contraction.h"
#include "vulkan/result.h"

namespace lemnos::vulkan {

namespace {

constexpr size_t kMostThreads = 8;

CacheIdentity identity_of(const Context& context) {
  VkPhysicalDeviceProperties core;
  context.instance_vk().vkGetPhysicalDeviceProperties(context.physical_device(), &core);
  CacheIdentity id{.vendor_id = core.vendorID, .device_id = core.deviceID, .driver_version = core.driverVersion};
  id.device_uuid = context.info().uuid;
  std::memcpy(id.pipeline_cache_uuid.data(), core.pipelineCacheUUID, id.pipeline_cache_uuid.size());
  return id;
}

VkPipelineCache create_cache(const Context& context, const std::vector<std::byte>& blob) {
  const VkPipelineCacheCreateInfo info{.sType = VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO,
                                       .initialDataSize = blob.size(),
                                       .pInitialData = blob.data()};
  VkPipelineCache cache = VK_NULL_HANDLE;
  check(context.vk().vkCreatePipelineCache(context.device(), &info, context.callbacks(), &cache), "pipeline cache");
  return cache;
}

}  // namespace

PipelineStore::PipelineStore(Context& context, VkPipelineCache borrowed, const std::string& folder)
    : context_(context), cache_(borrowed) {
  if (borrowed) return;
  std::vector<std::byte> blob;
  if (!folder.empty()) {
    const CacheIdentity identity = identity_of(context);
    file_ = cache_file_path(folder, identity);
    std::string why;
    blob = read_cache_file(file_, identity, &why);
    if (!why.empty()) context.log(LogLevel::debug, "pipeline cache: starting empty: " + why);
    loaded_bytes_ = blob.size();
  }
  cache_ = create_cache(context, blob);
  owns_cache_ = true;
}

PipelineStore::~PipelineStore() {
  // Nothing may escape a destructor: a cache that cannot be written costs time at the next start, no more.
  try {
    if (dirty_ && cache_bytes() != loaded_bytes_) save();
  } catch (...) {
  }
  const DeviceTable& vk = context_.vk();
  for (const auto& [key, pipeline] : pipelines_)
    vk.vkDestroyPipeline(context_.device(), pipeline->handle, context_.callbacks());
  for (const auto& [key, layout] : layouts_) {
    vk.vkDestroyPipelineLayout(context_.device(), layout.pipeline, context_.callbacks());
    vk.vkDestroyDescriptorSetLayout(context_.device(), layout.set, context_.callbacks());
  }
  if (owns_cache_) vk.vkDestroyPipelineCache(context_.device(), cache_, context_.callbacks());
}

PipelineStore::Key PipelineStore::key_of(const PipelineDesc& desc) {
  return {.name = desc.name,
          .spirv_hash = Hash().bytes(desc.spirv.data(), desc.spirv.size_bytes()).value(),
          .spirv_words = desc.spirv.size(),
          .bindings = desc.bindings,
          .push_bytes = desc.push_bytes,
          .subgroup_size = desc.required_subgroup_size,
          .splittable = desc.splittable,
          .inspect = desc.inspect,
          .spec = {desc.spec.begin(), desc.spec.end()}};
}

void PipelineStore::check(const PipelineDesc& desc) const {
  const DeviceCaps& caps = context_.caps();
  require(!desc.spirv.empty() && desc.spirv[0] == 0x07230203u, ErrorCode::invalid_argument, desc.name,
          ": not a SPIR-V module");
  require(desc.push_bytes % 4 == 0, ErrorCode::invalid_argument, desc.name, ": ", desc.push_bytes,
          " bytes of push constants are not a multiple of 4");
  require(desc.push_bytes <= caps.max_push_constants, ErrorCode::unsupported, desc.name, ": ", desc.push_bytes,
          " bytes of push constants, and this device has ", caps.max_push_constants);
  const uint32_t size = desc.required_subgroup_size;
  require(size == 0 || caps.subgroup_size_control, ErrorCode::unsupported, desc.name, ": a subgroup size of ", size,
          " is required, and this device cannot choose it");
  require(size == 0 || (size >= caps.min_subgroup_size && size <= caps.max_subgroup_size), ErrorCode::unsupported,
          desc.name, ": a subgroup size of ", size, " is required, and this device has ", caps.min_subgroup_size,
          " to ", caps.max_subgroup_size);
}

PipelineStore::Layout PipelineStore::layout_for(uint32_t bindings, uint32_t push_bytes) {
  const std::lock_guard lock(mutex_);
  Layout& layout = layouts_[{bindings, push_bytes}];
  if (layout.pipeline) return layout;
  const DeviceTable& vk = context_.vk();
  std::vector<VkDescriptorSetLayoutBinding> slots(bindings);
  for (uint32_t i = 0; i < bindings; ++i)
    slots[i] = {.binding = i,
                .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
                .descriptorCount = 1,
                .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT};
  const VkDescriptorSetLayoutCreateInfo set_info{.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
                                                 .bindingCount = bindings,
                                                 .pBindings = slots.data()};
  if (!layout.set) {
    VkDescriptorSetLayout made = VK_NULL_HANDLE;  // what a call leaves there that fails is nobody's
    vulkan::check(vk.vkCreateDescriptorSetLayout(context_.device(), &set_info, context_.callbacks(), &made),
                  "descriptor set layout of ", bindings, " buffers");
    layout.set = made;
  }
  const VkPushConstantRange push{.stageFlags = VK_SHADER_STAGE_COMPUTE_BIT, .offset = 0, .size = push_bytes};
  const VkPipelineLayoutCreateInfo info{.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
                                        .setLayoutCount = 1,
                                        .pSetLayouts = &layout.set,
                                        .pushConstantRangeCount = push_bytes ? 1u : 0u,
                                        .pPushConstantRanges = &push};
  VkPipelineLayout made = VK_NULL_HANDLE;
  vulkan::check(vk.vkCreatePipelineLayout(context_.device(), &info, context_.callbacks(), &made), "pipeline layout of ",
                bindings, " buffers");
  layout.pipeline = made;
  return layout;
}

VkPipeline PipelineStore::create(const PipelineDesc& desc, VkPipelineLayout layout) {
  const DeviceTable& vk = context_.vk();
  std::vector<VkSpecializationMapEntry> entries(desc.spec.size());
  for (uint32_t i = 0; i < entries.size(); ++i) entries[i] = {i, i * uint32_t{sizeof(uint32_t)}, sizeof(uint32_t)};
  const VkSpecializationInfo spec{static_cast<uint32_t>(entries.size()), entries.data(), desc.spec.size_bytes(),
                                  desc.spec.data()};
  const VkPipelineShaderStageRequiredSubgroupSizeCreateInfo subgroup{
      .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_REQUIRED_SUBGROUP_SIZE_CREATE_INFO,
      .requiredSubgroupSize = desc.required_subgroup_size};
  std::vector<uint32_t> changed;
  std::span<const uint32_t> spirv = desc.spirv;
  if (context_.caps().determinism == Determinism::across_devices) spirv = changed = without_contraction(spirv);
  const VkShaderModuleCreateInfo module_info{
      .sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO, .codeSize = spirv.size_bytes(), .pCode = spirv.data()};
  VkShaderModule module = VK_NULL_HANDLE;
  vulkan::check(vk.vkCreateShaderModule(context_.device(), &module_info, context_.callbacks(), &module), desc.name,
                ": shader module");
  VkPipelineCreateFlags flags = desc.splittable ? VK_PIPELINE_CREATE_DISPATCH_BASE_BIT : 0;
  if (desc.inspect != PipelineDesc::Inspect::no) flags |= VK_PIPELINE_CREATE_CAPTURE_STATISTICS_BIT_KHR;
  if (desc.inspect == PipelineDesc::Inspect::code) flags |= VK_PIPELINE_CREATE_CAPTURE_INTERNAL_REPRESENTATIONS_BIT_KHR;
  // Who requires a size counts on subgroups without a gap: the workgroup is a multiple of it.
  VkPipelineShaderStageCreateFlags stage_flags = 0;
  if (desc.required_subgroup_size && context_.features().full_subgroups)
    stage_flags |= VK_PIPELINE_SHADER_STAGE_CREATE_REQUIRE_FULL_SUBGROUPS_BIT;
  const VkComputePipelineCreateInfo info{.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
                                         .flags = flags,
                                         .stage = {.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                                                   .pNext = desc.required_subgroup_size ? &subgroup : nullptr,
                                                   .flags = stage_flags,
                                                   .stage = VK_SHADER_STAGE_COMPUTE_BIT,
                                                   .module = module,
                                                   .pName = "main",
                                                   .pSpecializationInfo = &spec},
                                         .layout = layout};
  VkPipeline pipeline = VK_NULL_HANDLE;
  const VkPipelineCache cache = desc.inspect == PipelineDesc::Inspect::no ? cache_ : VK_NULL_HANDLE;
  const VkResult result =
      vk.vkCreateComputePipelines(context_.device(), cache, 1, &info, context_.callbacks(), &pipeline);
  vk.vkDestroyShaderModule(context_.device(), module, context_.callbacks());
  vulkan::check(result, desc.name, ": pipeline");
  ++context_.counters().pipelines;
  context_.set_name(VK_OBJECT_TYPE_PIPELINE, (uint64_t)pipeline, desc.name);
  return pipeline;
}

const Pipeline& PipelineStore::get(const PipelineDesc& desc) {
  context_.require_present(desc.name);
  const Key key = key_of(desc);
  {
    std::unique_lock lock(mutex_);
    made_.wait(lock, [&] { return !in_the_making_.contains(key); });
    if (const auto found = pipelines_.find(key); found != pipelines_.end()) return *found->second;
    in_the_making_.insert(key);
  }
  // The mutex is not held while the driver compiles; whoever wants the same pipeline waits on `made_`.
  std::unique_ptr<Pipeline> made;
  std::exception_ptr failure;
  try {
    check(desc);
    const Layout layout = layout_for(desc.bindings, desc.push_bytes);
    made = std::make_unique<Pipeline>(
        Pipeline{desc.name, VK_NULL_HANDLE, layout.pipeline, layout.set, desc.bindings, desc.push_bytes});
    made->handle = create(desc, layout.pipeline);
  } catch (...) {
    failure = std::current_exception();
  }
  const std::lock_guard lock(mutex_);
  in_the_making_.erase(key);
  made_.notify_all();
  if (failure) std::rethrow_exception(failure);
  dirty_ |= desc.inspect == PipelineDesc::Inspect::no;
  return *(pipelines_[key] = std::move(made));
}

void PipelineStore::prepare(std::span<const PipelineDesc> descs) {
  const size_t cores = std::max(1u, std::thread::hardware_concurrency());
  const size_t workers = std::min({cores, kMostThreads, descs.size()});
  std::atomic<size_t> next{0};
  std::mutex failure_mutex;
  std::exception_ptr failure;
  const auto work = [&] {
    for (size_t i = next++; i < descs.size(); i = next++) {
      try {
        get(descs[i]);
      } catch (...) {
        const std::lock_guard lock(failure_mutex);
        if (!failure) failure = std::current_exception();
        next = descs.size();
      }
    }
  };
  Threads threads;
  for (size_t i = 1; i < workers; ++i) threads.start(work);
  work();
  threads.join();
  if (failure) std::rethrow_exception(failure);
}

size_t PipelineStore::cache_bytes() const {
  size_t size = 0;
  context_.vk().vkGetPipelineCacheData(context_.device(), cache_, &size, nullptr);
  return size;
}

bool PipelineStore::save() {
  if (file_.empty() || context_.lost()) return false;
  size_t size = cache_bytes();
  std::vector<std::byte> blob(size);
  const VkResult result = context_.vk().vkGetPipelineCacheData(context_.device(), cache_, &size, blob.data());
  blob.resize(size);
  const std::string why =
      result == VK_SUCCESS ? write_cache_file(file_, identity_of(context_), blob) : std::string(to_string(result));
  if (!why.empty()) context_.log(LogLevel::warning, "pipeline cache: not kept: " + why);
  const std::lock_guard lock(mutex_);
  dirty_ = dirty_ && !why.empty();
  return why.empty();
}

}  // namespace lemnos::vulkan
