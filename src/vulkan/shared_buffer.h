// A buffer in memory of its own that another device, API or process can open, or that one of those has made.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "vulkan/buffer.h"
#include "vulkan/timeline.h"

namespace lemnos::vulkan {

/// How memory is named outside of its device.
enum class ShareKind : uint8_t {
  opaque_fd,     // a file descriptor that only the same driver on the same device understands
  dma_buf,       // a file descriptor that other drivers understand too (Linux)
  opaque_win32,  // an NT handle
};
const char* to_string(ShareKind kind);

/// Whether this device has the extension enabled that `kind` needs.
bool can_share(const FeatureSet& features, ShareKind kind);

/// What the other side must know to open the memory.
struct SharedMemory {
  ShareKind kind = ShareKind::opaque_fd;
  intptr_t handle = -1;                   // a file descriptor or a HANDLE
  VkDeviceSize size = 0;                  // bytes of the buffer
  VkDeviceSize allocation_size = 0;       // bytes of its memory, of which the buffer is the beginning
  uint32_t memory_type = 0;               // of the device that made it; opaque handles are opened with the same
  std::array<uint8_t, 16> device_uuid{};  // opaque handles are opened by the same device and driver
  std::array<uint8_t, 16> driver_uuid{};
};

/// Outlived by its context. Not thread-safe.
class SharedBuffer {
 public:
  /// Throws `unsupported` where the extension is not enabled or the device cannot share buffers so, `out_of_memory`.
  static SharedBuffer create(std::shared_ptr<Context> context, ShareKind kind, VkDeviceSize size);
  /// Takes the handle over when it returns, not when it throws (a Win32 handle stays the caller's). Throws
  /// `unsupported` for another device (both UUIDs are given), `invalid_argument` for a handle that is none.
  static SharedBuffer open(std::shared_ptr<Context> context, const SharedMemory& memory);
  ~SharedBuffer() { reset(); }
  SharedBuffer(SharedBuffer&& other) noexcept { swap(other); }
  SharedBuffer& operator=(SharedBuffer&& other) noexcept {
    SharedBuffer(std::move(other)).swap(*this);
    return *this;
  }

  BufferRange range() const { return {buffer_, 0, memory_.size}; }
  /// With a new handle, which the caller closes or gives away.
  SharedMemory share() const;
  /// Hands the content to the outside, or takes it back, after everything on the timeline's queue; waits.
  void release(Timeline& timeline) const;
  void acquire(Timeline& timeline) const;

 private:
  SharedBuffer(std::shared_ptr<Context> context, const SharedMemory& memory);
  void create_buffer();
  void allocate(const void* next, uint32_t type);
  void bind();
  void transfer(Timeline& timeline, uint32_t from, uint32_t to) const;
  void reset();
  void swap(SharedBuffer& other) noexcept;

  std::shared_ptr<Context> context_;
  SharedMemory memory_;  // without a handle
  VkBuffer buffer_ = VK_NULL_HANDLE;
  VkDeviceMemory allocation_ = VK_NULL_HANDLE;
};

/// What differs between systems (shared_handle_posix.cpp, shared_handle_windows.cpp).
namespace shared_handle {
/// A new handle to exported memory. Throws what the driver refuses.
intptr_t of(const Context& context, VkDeviceMemory memory, ShareKind kind);
/// The memory types into which a foreign handle can be imported; all bits for an opaque one.
uint32_t memory_types(const Context& context, const SharedMemory& memory);

/// The structure for VkMemoryAllocateInfo::pNext that imports a handle; points into itself.
class Import {
 public:
  Import(const SharedMemory& memory, const void* next);
  ~Import();
  Import(const Import&) = delete;
  Import& operator=(const Import&) = delete;
  const void* head() const;
  /// The import succeeded: what it was given belongs to the memory now.
  void imported();
  /// Nothing can fail any more: where the caller's handle is taken over, it is closed.
  void finish();

 private:
  struct Info;
  std::unique_ptr<Info> info_;
};
}  // namespace shared_handle

}  // namespace lemnos::vulkan
