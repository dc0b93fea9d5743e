// Shared memory by NT handle.
#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>
//
#include <vulkan/vulkan_core.h>
#include <vulkan/vulkan_win32.h>

#include "vulkan/result.h"
#include "vulkan/shared_buffer.h"

namespace lemnos::vulkan::shared_handle {

intptr_t of(const Context& context, VkDeviceMemory memory, ShareKind) {
  const auto get = reinterpret_cast<PFN_vkGetMemoryWin32HandleKHR>(
      context.instance_vk().vkGetDeviceProcAddr(context.device(), "vkGetMemoryWin32HandleKHR"));
  require(get != nullptr, ErrorCode::unsupported, "shared buffer: the driver has no vkGetMemoryWin32HandleKHR");
  const VkMemoryGetWin32HandleInfoKHR info{.sType = VK_STRUCTURE_TYPE_MEMORY_GET_WIN32_HANDLE_INFO_KHR,
                                           .memory = memory,
                                           .handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_WIN32_BIT};
  HANDLE handle = nullptr;
  check(get(context.device(), &info, &handle), "shared buffer: handle");
  return reinterpret_cast<intptr_t>(handle);
}

uint32_t memory_types(const Context&, const SharedMemory&) { return ~uint32_t{0}; }

struct Import::Info {
  VkImportMemoryWin32HandleInfoKHR handle{};
};

Import::Import(const SharedMemory& memory, const void* next) : info_(std::make_unique<Info>()) {
  info_->handle = {.sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_WIN32_HANDLE_INFO_KHR,
                   .pNext = next,
                   .handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_WIN32_BIT,
                   .handle = reinterpret_cast<HANDLE>(memory.handle)};
}

Import::~Import() = default;

const void* Import::head() const { return &info_->handle; }

// An NT handle is never taken over by an import: it stays the caller's.
void Import::imported() {}
void Import::finish() {}

}  // namespace lemnos::vulkan::shared_handle
