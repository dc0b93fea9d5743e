// lemnos/vulkan.h: buffers shared with other devices and processes.

#include "api/vulkan_session_of.h"
#include "lemnos/vulkan.h"
#include "vulkan/shared_buffer.h"

namespace lemnos {

namespace {

static_assert(static_cast<int>(VulkanShare::opaque_win32) == static_cast<int>(vulkan::ShareKind::opaque_win32));

vulkan::SharedMemory inner_vulkan_share(const VulkanSharedMemory& from) {
  return {.kind = static_cast<vulkan::ShareKind>(from.kind),
          .handle = from.handle,
          .size = from.size,
          .allocation_size = from.allocation_size,
          .memory_type = from.memory_type,
          .device_uuid = from.device_uuid,
          .driver_uuid = from.driver_uuid};
}

VulkanSharedMemory outer_vulkan_share(const vulkan::SharedMemory& from) {
  return {.kind = static_cast<VulkanShare>(from.kind),
          .handle = from.handle,
          .size = from.size,
          .allocation_size = from.allocation_size,
          .memory_type = from.memory_type,
          .device_uuid = from.device_uuid,
          .driver_uuid = from.driver_uuid};
}

VulkanState& memory_of_vulkan_share(Session& session) {
  return vulkan_session_of(session, "shared buffer").device_state();
}

}  // namespace

struct VulkanSharedBuffer::Impl {
  vulkan::SharedBuffer buffer;
};

VulkanSharedBuffer::VulkanSharedBuffer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
VulkanSharedBuffer::VulkanSharedBuffer(VulkanSharedBuffer&&) noexcept = default;
VulkanSharedBuffer& VulkanSharedBuffer::operator=(VulkanSharedBuffer&&) noexcept = default;
VulkanSharedBuffer::~VulkanSharedBuffer() = default;

VulkanSharedBuffer VulkanSharedBuffer::create(Session& session, VkDeviceSize bytes, VulkanShare kind) {
  return VulkanSharedBuffer(std::unique_ptr<Impl>(new Impl{vulkan::SharedBuffer::create(
      memory_of_vulkan_share(session).context(), static_cast<vulkan::ShareKind>(kind), bytes)}));
}

VulkanSharedBuffer VulkanSharedBuffer::open(Session& session, const VulkanSharedMemory& memory) {
  // `new` allocates before it opens: after the descriptor was taken over, nothing can fail.
  return VulkanSharedBuffer(std::unique_ptr<Impl>(
      new Impl{vulkan::SharedBuffer::open(memory_of_vulkan_share(session).context(), inner_vulkan_share(memory))}));
}

VulkanBuffer VulkanSharedBuffer::buffer() const {
  const vulkan::BufferRange range = impl_->buffer.range();
  return {range.buffer, range.offset, range.size};
}

VulkanSharedMemory VulkanSharedBuffer::share() const { return outer_vulkan_share(impl_->buffer.share()); }
void VulkanSharedBuffer::release(Session& session) const {
  impl_->buffer.release(memory_of_vulkan_share(session).timeline());
}
void VulkanSharedBuffer::acquire(Session& session) const {
  impl_->buffer.acquire(memory_of_vulkan_share(session).timeline());
}

}  // namespace lemnos
