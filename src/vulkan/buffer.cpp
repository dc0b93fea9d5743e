#include "vulkan/buffer.h"

#include <algorithm>
#include <utility>

#include "vulkan/result.h"

namespace lemnos::vulkan {

namespace {
// Rounded up so that fills and word copies may cover the last odd bytes; large device buffers get their guard tail as
// far as one allocation can hold it.
VkDeviceSize padded(Memory memory, VkDeviceSize size, VkDeviceSize most) {
  const VkDeviceSize rounded = std::min((size + 15) / 16 * 16, most);
  if (memory != Memory::device || size < Buffer::kGuardTail || rounded >= most) return rounded;
  return rounded + std::min(Buffer::kGuardTail, (most - rounded) / 16 * 16);
}
}  // namespace

Buffer::Buffer(std::shared_ptr<Context> context, Memory memory, VkDeviceSize size, const std::string& name)
    : context_(std::move(context)), size_(size), memory_(memory) {
  require(size > 0, ErrorCode::invalid_argument, "buffer '", name, "': 0 bytes");
  const uint64_t most = context_->caps().max_allocation;
  require(size <= most, ErrorCode::unsupported, "buffer '", name, "': ", size, " bytes, and one allocation of ",
          context_->info().name, " holds ", most);
  allocation_ = context_->allocator().create(memory, padded(memory, size, most), name);
}

Buffer Buffer::borrow(std::shared_ptr<Context> context, VkBuffer handle, VkDeviceSize size) {
  require(handle != VK_NULL_HANDLE && size > 0, ErrorCode::invalid_argument, "buffer: a null handle or 0 bytes");
  Buffer buffer;
  buffer.context_ = std::move(context);
  buffer.allocation_.buffer = handle;
  buffer.size_ = size;
  return buffer;
}

VkDeviceAddress Buffer::address() const {
  if (!context_ || !context_->features().buffer_device_address) return 0;
  const VkBufferDeviceAddressInfo info{.sType = VK_STRUCTURE_TYPE_BUFFER_DEVICE_ADDRESS_INFO, .buffer = handle()};
  return context_->vk().vkGetBufferDeviceAddress(context_->device(), &info);
}

BufferRange Buffer::range(VkDeviceSize offset, VkDeviceSize size) const {
  require(offset <= size_ && size <= size_ - offset, ErrorCode::out_of_range, "buffer: bytes ", offset, " to ",
          offset + size, " of a buffer of ", size_);
  return {handle(), offset, size};
}

Status Buffer::flush(VkDeviceSize offset, VkDeviceSize size) const {
  if (!allocation_.mapped) return Status::ok;
  return context_->note(context_->allocator().flush(allocation_, offset, size));
}

Status Buffer::invalidate(VkDeviceSize offset, VkDeviceSize size) const {
  if (!allocation_.mapped) return Status::ok;
  return context_->note(context_->allocator().invalidate(allocation_, offset, size));
}

void Buffer::reset() {
  if (allocation_.memory) context_->allocator().destroy(allocation_);
  allocation_ = {};
  size_ = 0;
  context_.reset();
}

void Buffer::swap(Buffer& other) noexcept {
  std::swap(context_, other.context_);
  std::swap(allocation_, other.allocation_);
  std::swap(size_, other.size_);
  std::swap(memory_, other.memory_);
}

}  // namespace lemnos::vulkan
