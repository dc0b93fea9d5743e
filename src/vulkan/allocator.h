// Device memory by intent. The implementation, and it alone, knows the memory allocator library.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "vulkan/functions.h"

namespace lemnos::vulkan {

class Context;

/// What a buffer is for decides where it lives.
enum class Memory {
  device,    // read and written by kernels; mapped only where memory is unified
  upload,    // written by the host in order, read by the device once
  readback,  // written by the device, read by the host (cached)
};

struct MemoryUse {
  uint64_t buffers = 0;
  uint64_t bytes = 0;  // in live buffers, guard tails included
  uint64_t peak_bytes = 0;
  uint64_t reserved_bytes = 0;  // in VkDeviceMemory, used or not
};

struct Allocation {
  VkBuffer buffer = VK_NULL_HANDLE;
  void* memory = nullptr;  // the library's handle
  void* mapped = nullptr;
  uint64_t bytes = 0;  // guard tail included
};

/// Thread-safe.
class Allocator {
 public:
  /// `context` outlives the allocator.
  explicit Allocator(Context& context);
  ~Allocator();
  Allocator(const Allocator&) = delete;
  Allocator& operator=(const Allocator&) = delete;

  /// Throws `out_of_memory` with the bytes asked for and the bytes left of the budget, `unsupported` for more than
  /// one allocation of this device can hold.
  Allocation create(Memory memory, uint64_t bytes, const std::string& name);
  void destroy(const Allocation& allocation);
  /// Nothing on coherent memory.
  VkResult flush(const Allocation& allocation, uint64_t offset, uint64_t bytes);
  VkResult invalidate(const Allocation& allocation, uint64_t offset, uint64_t bytes);
  MemoryUse use() const;
  /// Bytes of device memory that may still be allocated: of the budget, and of what the device says is free
  /// (VK_EXT_memory_budget), or without that of its heap.
  uint64_t bytes_left() const;

 private:
  struct Library;
  void take(uint64_t bytes, const std::string& name);
  void give_back(uint64_t bytes);

  Context& context_;
  std::unique_ptr<Library> library_;
  std::atomic<uint64_t> buffers_{0}, bytes_{0}, peak_bytes_{0};
};

}  // namespace lemnos::vulkan
