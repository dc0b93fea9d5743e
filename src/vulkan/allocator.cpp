#include "vulkan/allocator.h"

#include "vulkan/context.h"
#include "vulkan/result.h"

// The allocator library is compiled here alone, with internal linkage and with our own tables: neither its C functions
// nor its C++ classes become symbols that could clash with an application's copy of another version. What it includes
// must come first, so that the namespace wraps nothing of the standard library.
#include <vulkan/vulkan.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cassert>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <mutex>
#include <new>
#include <shared_mutex>
#include <string>
#include <type_traits>
#include <utility>

#ifdef _MSC_VER
#include <intrin.h>
#endif

#define VMA_CALL_PRE [[maybe_unused]] static
#define VMA_STATIC_VULKAN_FUNCTIONS 0
#define VMA_DYNAMIC_VULKAN_FUNCTIONS 0
#define VMA_STATS_STRING_ENABLED 0
#define VMA_ASSERT(expression) ((void)0)  // Lemnos reports and never aborts, in debug builds too
#define VMA_IMPLEMENTATION
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wunused-function"
#endif
namespace {
#include <vk_mem_alloc.h>
}
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

namespace lemnos::vulkan {

namespace {

// Blocks start at an eighth of this and grow: a small network must not take 256 MiB of a game's memory.
constexpr VkDeviceSize kLargestBlock = VkDeviceSize{64} << 20;

VmaVulkanFunctions functions_of(const InstanceTable& instance, const DeviceTable& vk) {
  VmaVulkanFunctions f{};
  f.vkGetPhysicalDeviceProperties = instance.vkGetPhysicalDeviceProperties;
  f.vkGetPhysicalDeviceMemoryProperties = instance.vkGetPhysicalDeviceMemoryProperties;
  f.vkGetPhysicalDeviceMemoryProperties2KHR = instance.vkGetPhysicalDeviceMemoryProperties2;
  f.vkAllocateMemory = vk.vkAllocateMemory;
  f.vkFreeMemory = vk.vkFreeMemory;
  f.vkMapMemory = vk.vkMapMemory;
  f.vkUnmapMemory = vk.vkUnmapMemory;
  f.vkFlushMappedMemoryRanges = vk.vkFlushMappedMemoryRanges;
  f.vkInvalidateMappedMemoryRanges = vk.vkInvalidateMappedMemoryRanges;
  f.vkBindBufferMemory = vk.vkBindBufferMemory;
  f.vkBindImageMemory = vk.vkBindImageMemory;
  f.vkBindBufferMemory2KHR = vk.vkBindBufferMemory2;
  f.vkBindImageMemory2KHR = vk.vkBindImageMemory2;
  f.vkGetBufferMemoryRequirements = vk.vkGetBufferMemoryRequirements;
  f.vkGetImageMemoryRequirements = vk.vkGetImageMemoryRequirements;
  f.vkGetBufferMemoryRequirements2KHR = vk.vkGetBufferMemoryRequirements2;
  f.vkGetImageMemoryRequirements2KHR = vk.vkGetImageMemoryRequirements2;
  f.vkCreateBuffer = vk.vkCreateBuffer;
  f.vkDestroyBuffer = vk.vkDestroyBuffer;
  f.vkCreateImage = vk.vkCreateImage;
  f.vkDestroyImage = vk.vkDestroyImage;
  f.vkCmdCopyBuffer = vk.vkCmdCopyBuffer;
  f.vkGetDeviceBufferMemoryRequirements = vk.vkGetDeviceBufferMemoryRequirements;
  f.vkGetDeviceImageMemoryRequirements = vk.vkGetDeviceImageMemoryRequirements;
  return f;
}

VmaAllocationCreateInfo placement(Memory memory, const Context& context) {
  const DeviceCaps& caps = context.caps();
  VmaAllocationCreateInfo info{};
  switch (memory) {
    case Memory::device:
      info.usage = VMA_MEMORY_USAGE_AUTO_PREFER_DEVICE;
      // Never the host's memory in its place, where that is another: each access would go over the bus. An integrated
      // device may call only a small part of what it shares with the host its own.
      if (context.info().type != DeviceType::integrated) info.requiredFlags = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT;
      if (context.features().memory_budget) info.flags = VMA_ALLOCATION_CREATE_WITHIN_BUDGET_BIT;
      if (caps.unified_memory)
        info.flags |= VMA_ALLOCATION_CREATE_MAPPED_BIT | VMA_ALLOCATION_CREATE_HOST_ACCESS_RANDOM_BIT;
      break;
    case Memory::upload:
      info.usage = VMA_MEMORY_USAGE_AUTO_PREFER_HOST;
      info.flags = VMA_ALLOCATION_CREATE_MAPPED_BIT | VMA_ALLOCATION_CREATE_HOST_ACCESS_SEQUENTIAL_WRITE_BIT;
      break;
    case Memory::readback:
      info.usage = VMA_MEMORY_USAGE_AUTO_PREFER_HOST;
      info.flags = VMA_ALLOCATION_CREATE_MAPPED_BIT | VMA_ALLOCATION_CREATE_HOST_ACCESS_RANDOM_BIT;
      break;
  }
  return info;
}

const char* to_string(Memory memory) {
  switch (memory) {
    case Memory::device: return "device";
    case Memory::upload: return "upload";
    case Memory::readback: return "readback";
  }
  return "unknown";
}

}  // namespace

struct Allocator::Library {
  VmaAllocator handle = VK_NULL_HANDLE;
  ~Library() { vmaDestroyAllocator(handle); }
};

Allocator::Allocator(Context& context) : context_(context), library_(std::make_unique<Library>()) {
  const VmaVulkanFunctions functions = functions_of(context.instance_vk(), context.vk());
  VmaAllocatorCreateInfo info{};
  if (context.features().buffer_device_address) info.flags |= VMA_ALLOCATOR_CREATE_BUFFER_DEVICE_ADDRESS_BIT;
  if (context.features().memory_budget) info.flags |= VMA_ALLOCATOR_CREATE_EXT_MEMORY_BUDGET_BIT;
  info.physicalDevice = context.physical_device();
  info.device = context.device();
  info.instance = context.instance();
  info.preferredLargeHeapBlockSize = kLargestBlock;
  info.pAllocationCallbacks = context.callbacks();
  info.pVulkanFunctions = &functions;
  info.vulkanApiVersion = std::min<uint32_t>(context.api_version(), VK_API_VERSION_1_3);
  check(vmaCreateAllocator(&info, &library_->handle), "memory: the allocator could not be created");
}

Allocator::~Allocator() = default;

void Allocator::take(uint64_t bytes, const std::string& name) {
  const uint64_t limit = context_.caps().memory_limit;
  uint64_t before = bytes_.load();
  do {
    require(limit == 0 || before + bytes <= limit, ErrorCode::out_of_memory, "buffer '", name, "': ", bytes,
            " bytes requested, ", limit - std::min(limit, before), " left of a budget of ", limit);
  } while (!bytes_.compare_exchange_weak(before, before + bytes));
  uint64_t peak = peak_bytes_.load();
  while (peak < before + bytes && !peak_bytes_.compare_exchange_weak(peak, before + bytes)) {
  }
}

void Allocator::give_back(uint64_t bytes) { bytes_ -= bytes; }

Allocation Allocator::create(Memory memory, uint64_t bytes, const std::string& name) {
  context_.require_present(name);
  const uint64_t most = context_.caps().max_allocation;
  require(bytes <= most, ErrorCode::unsupported, "buffer '", name, "': ", bytes, " bytes, and one allocation of ",
          context_.info().name, " holds ", most);
  // The library holds a budget for blocks alone, and not for what gets an allocation of its own.
  const uint64_t limit = context_.caps().memory_limit;
  const bool option_allows = limit == 0 || bytes_.load() + bytes <= limit;  // else take() refuses, with its own words
  const bool budgeted = memory == Memory::device && context_.features().memory_budget && option_allows;
  const uint64_t left = budgeted ? bytes_left() : bytes;
  require(bytes <= left, ErrorCode::out_of_memory, "buffer '", name, "': ", bytes, " bytes asked for, and ", left,
          " left of the memory of ", context_.info().name);
  take(bytes, name);
  VkBufferUsageFlags usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_INDIRECT_BUFFER_BIT |
                             VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT;
  if (context_.features().buffer_device_address) usage |= VK_BUFFER_USAGE_SHADER_DEVICE_ADDRESS_BIT;
  const VkBufferCreateInfo info{.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                                .size = bytes,
                                .usage = usage,
                                .sharingMode = VK_SHARING_MODE_EXCLUSIVE};
  const VmaAllocationCreateInfo where = placement(memory, context_);
  Allocation made;
  VmaAllocation block = VK_NULL_HANDLE;
  VmaAllocationInfo details{};
  const VkResult result = vmaCreateBuffer(library_->handle, &info, &where, &made.buffer, &block, &details);
  if (result != VK_SUCCESS) give_back(bytes);
  check(result, "buffer '", name, "': ", bytes, " bytes of ", to_string(memory), " memory, with ", bytes_.load(),
        " in use and ", bytes_left(), " left");
  made.memory = block;
  made.mapped = details.pMappedData;
  made.bytes = bytes;
  ++buffers_;
  ++context_.counters().allocations;
  context_.set_name(VK_OBJECT_TYPE_BUFFER, (uint64_t)made.buffer, name);
  return made;
}

void Allocator::destroy(const Allocation& allocation) {
  vmaDestroyBuffer(library_->handle, allocation.buffer, static_cast<VmaAllocation>(allocation.memory));
  give_back(allocation.bytes);
  --buffers_;
}

VkResult Allocator::flush(const Allocation& allocation, uint64_t offset, uint64_t bytes) {
  return vmaFlushAllocation(library_->handle, static_cast<VmaAllocation>(allocation.memory), offset, bytes);
}

VkResult Allocator::invalidate(const Allocation& allocation, uint64_t offset, uint64_t bytes) {
  return vmaInvalidateAllocation(library_->handle, static_cast<VmaAllocation>(allocation.memory), offset, bytes);
}

MemoryUse Allocator::use() const {
  VmaBudget budgets[VK_MAX_MEMORY_HEAPS] = {};
  vmaGetHeapBudgets(library_->handle, budgets);
  MemoryUse use{.buffers = buffers_.load(), .bytes = bytes_.load(), .peak_bytes = peak_bytes_.load()};
  for (const VmaBudget& budget : budgets) use.reserved_bytes += budget.statistics.blockBytes;
  return use;
}

uint64_t Allocator::bytes_left() const {
  VmaBudget budgets[VK_MAX_MEMORY_HEAPS] = {};
  vmaGetHeapBudgets(library_->handle, budgets);
  const VkPhysicalDeviceMemoryProperties* memory = nullptr;
  vmaGetMemoryProperties(library_->handle, &memory);
  uint64_t left = 0;
  for (uint32_t i = 0; i < memory->memoryHeapCount; ++i) {
    if (!(memory->memoryHeaps[i].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT)) continue;
    const VmaBudget& budget = budgets[i];
    // Without the extension the library guesses a part of the heap, which is no reason to refuse anything.
    const uint64_t all = context_.features().memory_budget ? budget.budget : memory->memoryHeaps[i].size;
    const uint64_t free_now = all - std::min<uint64_t>(all, budget.usage);
    // What we reserved and do not use is ours to give out.
    const uint64_t unused = budget.statistics.blockBytes - budget.statistics.allocationBytes;
    left = std::max(left, free_now + unused);
  }
  const uint64_t limit = context_.caps().memory_limit;
  return limit ? std::min(left, limit - std::min(limit, bytes_.load())) : left;
}

}  // namespace lemnos::vulkan
