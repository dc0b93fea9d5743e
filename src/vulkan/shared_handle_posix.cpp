// Shared memory by file descriptor.
#include <unistd.h>

#include "vulkan/result.h"
#include "vulkan/shared_buffer.h"

namespace lemnos::vulkan::shared_handle {

namespace {
VkExternalMemoryHandleTypeFlagBits type_of_shared_handle_posix(ShareKind kind) {
  return kind == ShareKind::dma_buf ? VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT
                                    : VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT;
}
}  // namespace

intptr_t of(const Context& context, VkDeviceMemory memory, ShareKind kind) {
  const VkMemoryGetFdInfoKHR info{.sType = VK_STRUCTURE_TYPE_MEMORY_GET_FD_INFO_KHR,
                                  .memory = memory,
                                  .handleType = type_of_shared_handle_posix(kind)};
  int fd = -1;
  check(context.vk().vkGetMemoryFdKHR(context.device(), &info, &fd), "shared buffer: file descriptor");
  return fd;
}

uint32_t memory_types(const Context& context, const SharedMemory& memory) {
  if (memory.kind != ShareKind::dma_buf) return ~uint32_t{0};
  VkMemoryFdPropertiesKHR found{.sType = VK_STRUCTURE_TYPE_MEMORY_FD_PROPERTIES_KHR};
  check(context.vk().vkGetMemoryFdPropertiesKHR(context.device(), type_of_shared_handle_posix(memory.kind),
                                                static_cast<int>(memory.handle), &found),
        "shared buffer: file descriptor ", memory.handle);
  return found.memoryTypeBits;
}

// A driver that imports a descriptor owns it; until then a copy is ours, so that a refusal leaves the caller's alone.
struct Import::Info {
  VkImportMemoryFdInfoKHR fd{};
  intptr_t original = -1;
};

Import::Import(const SharedMemory& memory, const void* next) : info_(std::make_unique<Info>()) {
  info_->original = memory.handle;
  const int copy = memory.handle < 0 ? -1 : dup(static_cast<int>(memory.handle));
  require(copy >= 0, ErrorCode::invalid_argument, "shared buffer: ", memory.handle, " is not an open file descriptor");
  info_->fd = {.sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR,
               .pNext = next,
               .handleType = type_of_shared_handle_posix(memory.kind),
               .fd = copy};
}

Import::~Import() {
  if (info_->fd.fd >= 0) close(info_->fd.fd);
}

const void* Import::head() const { return &info_->fd; }

void Import::imported() { info_->fd.fd = -1; }

void Import::finish() { close(static_cast<int>(info_->original)); }

}  // namespace lemnos::vulkan::shared_handle
