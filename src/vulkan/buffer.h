// A piece of device memory as a storage buffer: a few large arenas, not one per tensor.
#pragma once

#include <compare>
#include <memory>
#include <span>
#include <string>

#include "vulkan/allocator.h"
#include "vulkan/context.h"

namespace lemnos::vulkan {

/// Part of a buffer, as a descriptor or a copy sees it. Bytes.
struct BufferRange {
  VkBuffer buffer = VK_NULL_HANDLE;
  VkDeviceSize offset = 0;
  VkDeviceSize size = 0;

  auto operator<=>(const BufferRange&) const = default;
};

/// Every buffer is storage and copy source and destination, and has a device address where that is enabled. Device
/// buffers of 1 MiB and more carry a guard tail of 1 MiB past size(): one driver was seen to read past the end of a
/// tensor after a loop. Its content is undefined, and no descriptor reaches it.
class Buffer {
 public:
  static constexpr VkDeviceSize kGuardTail = VkDeviceSize{1} << 20;

  Buffer() = default;
  /// Throws `invalid_argument` for 0 bytes, `unsupported` past DeviceCaps::max_allocation, `out_of_memory`.
  Buffer(std::shared_ptr<Context> context, Memory memory, VkDeviceSize size, const std::string& name);
  /// Wraps `size` bytes of an application's buffer; never destroyed, never mapped. It needs the usages storage and
  /// transfer source and destination, and must outlive this.
  static Buffer borrow(std::shared_ptr<Context> context, VkBuffer handle, VkDeviceSize size);
  ~Buffer() { reset(); }
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    Buffer(std::move(other)).swap(*this);
    return *this;
  }

  explicit operator bool() const { return allocation_.buffer != VK_NULL_HANDLE; }
  VkBuffer handle() const { return allocation_.buffer; }
  VkDeviceSize size() const { return size_; }
  Memory memory() const { return memory_; }
  /// Null for device memory that the host cannot see.
  std::byte* mapped() const { return static_cast<std::byte*>(allocation_.mapped); }
  /// Where the kernels see it; 0 unless buffer_device_address is enabled.
  VkDeviceAddress address() const;
  BufferRange range() const { return {handle(), 0, size_}; }
  /// Throws `out_of_range` with both numbers.
  BufferRange range(VkDeviceSize offset, VkDeviceSize size) const;

  /// After the host wrote / before the host reads mapped(), for memory that is not coherent. Bytes.
  Status flush(VkDeviceSize offset = 0, VkDeviceSize size = VK_WHOLE_SIZE) const;
  Status invalidate(VkDeviceSize offset = 0, VkDeviceSize size = VK_WHOLE_SIZE) const;

 private:
  void reset();
  void swap(Buffer& other) noexcept;

  std::shared_ptr<Context> context_;
  Allocation allocation_;
  VkDeviceSize size_ = 0;
  Memory memory_ = Memory::device;
};

}  // namespace lemnos::vulkan
