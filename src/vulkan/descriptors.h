// Descriptor sets of storage buffers, from a pool that is exactly as large as one program needs.
#pragma once

#include <memory>
#include <span>

#include "vulkan/buffer.h"

namespace lemnos::vulkan {

/// One thread at a time. The sets live as long as the pool.
class DescriptorPool {
 public:
  /// Room for `sets` sets with together `descriptors` storage buffers.
  DescriptorPool(std::shared_ptr<Context> context, uint32_t sets, uint32_t descriptors);
  ~DescriptorPool();
  DescriptorPool(const DescriptorPool&) = delete;
  DescriptorPool& operator=(const DescriptorPool&) = delete;

  /// A set with `buffers[i]` at binding i. Throws `invalid_argument` for a wrong number of buffers or a misaligned
  /// offset, `unsupported` for a range past DeviceCaps::max_storage_range, `out_of_memory` for a full pool.
  VkDescriptorSet create(const Pipeline& pipeline, std::span<const BufferRange> buffers);

 private:
  std::shared_ptr<Context> context_;
  VkDescriptorPool pool_ = VK_NULL_HANDLE;
};

}  // namespace lemnos::vulkan
