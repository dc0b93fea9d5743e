#include "vulkan/shared_buffer.h"

#include <bit>
#include <utility>

#include "base/status.h"
#include "lemnos/device.h"
#include "vulkan/recorder.h"
#include "vulkan/result.h"

namespace lemnos::vulkan {

namespace {

constexpr VkBufferUsageFlags kUsage =
    VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT;

VkExternalMemoryHandleTypeFlagBits handle_type(ShareKind kind) {
  switch (kind) {
    case ShareKind::opaque_fd: return VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT;
    case ShareKind::dma_buf: return VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT;
    case ShareKind::opaque_win32: return VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_WIN32_BIT;
  }
  return VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT;
}

void require_shareable(const Context& context, ShareKind kind, VkExternalMemoryFeatureFlagBits wanted) {
  require(can_share(context.features(), kind), ErrorCode::unsupported, "shared buffer: ", context.info().name,
          " has no extension enabled for ", to_string(kind));
  const VkPhysicalDeviceExternalBufferInfo info{.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_BUFFER_INFO,
                                                .usage = kUsage,
                                                .handleType = handle_type(kind)};
  VkExternalBufferProperties found{.sType = VK_STRUCTURE_TYPE_EXTERNAL_BUFFER_PROPERTIES};
  context.instance_vk().vkGetPhysicalDeviceExternalBufferProperties(context.physical_device(), &info, &found);
  require((found.externalMemoryProperties.externalMemoryFeatures & wanted) != 0, ErrorCode::unsupported,
          "shared buffer: ", context.info().name, " cannot ",
          wanted == VK_EXTERNAL_MEMORY_FEATURE_IMPORTABLE_BIT ? "import " : "export ", to_string(kind));
}

uint32_t choose_type(const Context& context, uint32_t types) {
  VkPhysicalDeviceMemoryProperties memory;
  context.instance_vk().vkGetPhysicalDeviceMemoryProperties(context.physical_device(), &memory);
  for (uint32_t i = 0; i < memory.memoryTypeCount; ++i)
    if ((types >> i & 1u) && (memory.memoryTypes[i].propertyFlags & VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT)) return i;
  require(types != 0, ErrorCode::unsupported, "shared buffer: no memory type of ", context.info().name, " fits");
  return static_cast<uint32_t>(std::countr_zero(types));
}

}  // namespace

const char* to_string(ShareKind kind) {
  switch (kind) {
    case ShareKind::opaque_fd: return "opaque file descriptors";
    case ShareKind::dma_buf: return "dma-bufs";
    case ShareKind::opaque_win32: return "Win32 handles";
  }
  return "?";
}

bool can_share(const FeatureSet& features, ShareKind kind) {
  switch (kind) {
    case ShareKind::opaque_fd: return features.external_memory_fd;
    case ShareKind::dma_buf: return features.external_memory_dma_buf;
    case ShareKind::opaque_win32: return features.external_memory_win32;
  }
  return false;
}

SharedBuffer::SharedBuffer(std::shared_ptr<Context> context, const SharedMemory& memory)
    : context_(std::move(context)), memory_(memory) {
  memory_.handle = -1;
}

void SharedBuffer::create_buffer() {
  const VkExternalMemoryBufferCreateInfo external{.sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO,
                                                  .handleTypes = static_cast<VkFlags>(handle_type(memory_.kind))};
  const VkBufferCreateInfo info{
      .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO, .pNext = &external, .size = memory_.size, .usage = kUsage};
  VkBuffer made = VK_NULL_HANDLE;
  check(context_->vk().vkCreateBuffer(context_->device(), &info, context_->callbacks(), &made), "shared buffer");
  buffer_ = made;
}

// Memory of its own on both sides: some drivers share nothing else.
void SharedBuffer::allocate(const void* next, uint32_t type) {
  memory_.memory_type = type;
  const VkMemoryAllocateInfo info{.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
                                  .pNext = next,
                                  .allocationSize = memory_.allocation_size,
                                  .memoryTypeIndex = type};
  VkDeviceMemory made = VK_NULL_HANDLE;
  check(context_->vk().vkAllocateMemory(context_->device(), &info, context_->callbacks(), &made),
        "shared buffer: memory of ", memory_.allocation_size, " bytes");
  allocation_ = made;
}

void SharedBuffer::bind() {
  check(context_->vk().vkBindBufferMemory(context_->device(), buffer_, allocation_, 0), "shared buffer: bind");
}

SharedBuffer SharedBuffer::create(std::shared_ptr<Context> context, ShareKind kind, VkDeviceSize size) {
  require(size > 0, ErrorCode::invalid_argument, "shared buffer: 0 bytes");
  context->require_present("shared buffer");
  require_shareable(*context, kind, VK_EXTERNAL_MEMORY_FEATURE_EXPORTABLE_BIT);
  const DeviceInfo& device = context->info();
  SharedBuffer made(
      context,
      {.kind = kind, .size = (size + 3) / 4 * 4, .device_uuid = device.uuid, .driver_uuid = device.driver_uuid});
  made.create_buffer();
  VkMemoryRequirements needs;
  context->vk().vkGetBufferMemoryRequirements(context->device(), made.buffer_, &needs);
  made.memory_.allocation_size = needs.size;
  const VkMemoryDedicatedAllocateInfo dedicated{.sType = VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO,
                                                .buffer = made.buffer_};
  const VkExportMemoryAllocateInfo exported{.sType = VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO,
                                            .pNext = &dedicated,
                                            .handleTypes = static_cast<VkFlags>(handle_type(kind))};
  made.allocate(&exported, choose_type(*context, needs.memoryTypeBits));
  made.bind();
  return made;
}

SharedBuffer SharedBuffer::open(std::shared_ptr<Context> context, const SharedMemory& memory) {
  require(memory.size > 0 && memory.allocation_size >= memory.size, ErrorCode::invalid_argument,
          "shared buffer: ", memory.size, " bytes of ", memory.allocation_size);
  context->require_present("shared buffer");
  require_shareable(*context, memory.kind, VK_EXTERNAL_MEMORY_FEATURE_IMPORTABLE_BIT);
  const DeviceInfo& device = context->info();
  const bool opaque = memory.kind != ShareKind::dma_buf;
  require(!opaque || (memory.device_uuid == device.uuid && memory.driver_uuid == device.driver_uuid),
          ErrorCode::unsupported, "shared buffer: exported by device ", uuid_string(memory.device_uuid),
          " with driver ", uuid_string(memory.driver_uuid), ", and this is ", uuid_string(device.uuid), " with ",
          uuid_string(device.driver_uuid));
  SharedBuffer made(context, memory);
  made.create_buffer();
  const VkMemoryDedicatedAllocateInfo dedicated{.sType = VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO,
                                                .buffer = made.buffer_};
  shared_handle::Import import(memory, &dedicated);  // before the driver is asked about the handle
  VkMemoryRequirements needs;
  context->vk().vkGetBufferMemoryRequirements(context->device(), made.buffer_, &needs);
  require(needs.size <= memory.allocation_size, ErrorCode::invalid_argument, "shared buffer: ", needs.size,
          " bytes are needed, and the memory has ", memory.allocation_size);
  const uint32_t types = needs.memoryTypeBits & shared_handle::memory_types(*context, memory);
  require(!opaque || (types >> memory.memory_type & 1u), ErrorCode::invalid_argument, "shared buffer: memory type ",
          memory.memory_type, " does not fit");
  made.allocate(import.head(), opaque ? memory.memory_type : choose_type(*context, types));
  import.imported();
  made.bind();
  import.finish();
  return made;
}

SharedMemory SharedBuffer::share() const {
  SharedMemory out = memory_;
  out.handle = shared_handle::of(*context_, allocation_, memory_.kind);
  return out;
}

void SharedBuffer::transfer(Timeline& timeline, uint32_t from, uint32_t to) const {
  CommandPool pool(context_);
  const VkCommandBuffer commands = pool.create();
  Recorder recorder = Recorder::begin(*context_, commands, Reuse::once);
  recorder.transfer(range(), from, to);
  recorder.end();
  require_ok(timeline.submit({&commands, 1}).status, "shared buffer");
  require_ok(timeline.finish(), "shared buffer");
}

void SharedBuffer::release(Timeline& timeline) const {
  transfer(timeline, context_->queue().family, VK_QUEUE_FAMILY_EXTERNAL);
}

void SharedBuffer::acquire(Timeline& timeline) const {
  transfer(timeline, VK_QUEUE_FAMILY_EXTERNAL, context_->queue().family);
}

void SharedBuffer::reset() {
  if (!context_) return;
  context_->vk().vkDestroyBuffer(context_->device(), buffer_, context_->callbacks());
  context_->vk().vkFreeMemory(context_->device(), allocation_, context_->callbacks());
  buffer_ = VK_NULL_HANDLE;
  allocation_ = VK_NULL_HANDLE;
  context_.reset();
}

void SharedBuffer::swap(SharedBuffer& other) noexcept {
  std::swap(context_, other.context_);
  std::swap(memory_, other.memory_);
  std::swap(buffer_, other.buffer_);
  std::swap(allocation_, other.allocation_);
}

}  // namespace lemnos::vulkan
