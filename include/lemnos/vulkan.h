// Living inside an application that has a VkDevice of its own: what the device needs, adopting it, running steps inside
// a frame, and sharing buffers. The only public header with Vulkan types; it calls no Vulkan function.
//
// The application keeps its handles: nothing borrowed is destroyed, the device is never waited for as a whole, no
// feature is used that was not listed as enabled, and nothing is global: two adopted devices live side by side.
#pragma once

#include <vulkan/vulkan_core.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "lemnos/log.h"
#include "lemnos/session.h"
#include "lemnos/visibility.h"

LEMNOS_BEGIN_PUBLIC

namespace lemnos {

// Before the device is created
// -------------------------------------------------------------------------------------------

/// What to enable. Required: timelineSemaphore and synchronization2, on Vulkan 1.2 or later. All else is optional, and
/// used when it is listed in VulkanDevice.
class VulkanRequirements {
 public:
  VulkanRequirements(VulkanRequirements&&) noexcept;
  VulkanRequirements& operator=(VulkanRequirements&&) noexcept;
  ~VulkanRequirements();

  /// Empty: the physical device can be used. Else why not.
  const std::string& refusal() const;
  /// For VkDeviceCreateInfo::ppEnabledExtensionNames. The strings live for ever.
  const std::vector<const char*>& extensions() const;
  /// A chain for VkDeviceCreateInfo::pNext of an application without one; lives as long as this.
  const VkPhysicalDeviceFeatures2* features() const;
  /// For an application with a chain of its own: switches on in it what features() has. Returns the required features
  /// for which the chain has no structure; then add VkPhysicalDeviceVulkan12Features and
  /// VkPhysicalDeviceVulkan13Features or the features' own structures.
  std::vector<std::string> enable_in(VkPhysicalDeviceFeatures2& chain) const;
  /// A family for the compute queue, where the application has no reason to prefer another.
  uint32_t compute_family() const;

 private:
  friend VulkanRequirements required_vulkan(VkInstance, VkPhysicalDevice, PFN_vkGetInstanceProcAddr, uint32_t, bool);
  struct Impl;
  explicit VulkanRequirements(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// `api_version`: the lower of the instance's and the device's. `optional`: also what makes kernels faster, as far as
/// the device supports it (half precision, subgroup control, memory budget, ...).
VulkanRequirements required_vulkan(VkInstance instance, VkPhysicalDevice physical_device,
                                   PFN_vkGetInstanceProcAddr get_instance_proc_addr, uint32_t api_version,
                                   bool optional = true);

// Adopting
// ---------------------------------------------------------------------------------------------------------------

struct VulkanQueue {
  VkQueue handle = VK_NULL_HANDLE;  // null: asked from the device
  uint32_t family = 0;
  uint32_t index = 0;
};

struct VulkanDevice {
  VkInstance instance = VK_NULL_HANDLE;
  VkPhysicalDevice physical_device = VK_NULL_HANDLE;
  VkDevice device = VK_NULL_HANDLE;
  PFN_vkGetInstanceProcAddr get_instance_proc_addr = nullptr;
  uint32_t api_version = VK_API_VERSION_1_2;                    // the lower of the instance's and the device's
  std::vector<const char*> enabled_extensions;                  // of the device, and VK_EXT_debug_utils of the instance
  const VkPhysicalDeviceFeatures2* enabled_features = nullptr;  // the chain that the device was created with

  VulkanQueue compute_queue;
  /// Called around every use of a queue, from the thread that submits. Empty: no other code uses it.
  std::function<void(const VulkanQueue&)> lock_queue;
  std::function<void(const VulkanQueue&)> unlock_queue;
  /// Submits in place of Lemnos, which has taken the lock already.
  std::function<VkResult(const VulkanQueue&, const VkSubmitInfo2&)> submit;

  VkPipelineCache pipeline_cache = VK_NULL_HANDLE;              // null: one of Lemnos's own
  const VkAllocationCallbacks* allocation_callbacks = nullptr;  // for host memory
  uint64_t memory_budget = 0;                                   // bytes of device memory to stay within; 0: no limit
  double longest_submission_ms = 0;                             // as in DeviceOptions
  std::string cache_folder;  // where compiled pipelines are kept between runs; empty: nowhere
  Logger logger;             // empty: default_logger()
};

/// The borrowed handles must outlive the Device and all that was made from it. Throws `invalid_argument` for a missing
/// handle or a queue that cannot compute, `out_of_range` for a queue that does not exist, `unsupported` where a
/// required feature is not enabled.
Device adopt(const VulkanDevice& device);

// Data
// -------------------------------------------------------------------------------------------------------------------

struct VulkanBuffer {
  VkBuffer buffer = VK_NULL_HANDLE;
  VkDeviceSize offset = 0;  // bytes
  VkDeviceSize size = 0;    // bytes
};

/// Makes an input, constant or variable of the session's graph live in an application's buffer (made with the usages
/// storage, transfer source and transfer destination), which must outlive the session; its content is kept. `offset` is
/// a multiple of minStorageBufferOffsetAlignment, `size` at least the tensor's bytes in whole words. To be called
/// before the value is written and before a program that uses it is compiled. Throws `invalid_argument`,
/// `shape_mismatch`.
void import_buffer(Session& session, Value value, const VulkanBuffer& buffer);

/// Where a value lies that the session keeps: an input, variable, parameter, slot. Valid as long as the session; read
/// it between steps, or publish the parameters (VulkanRunner::publish).
VulkanBuffer export_buffer(Session& session, Value value);

/// How memory is named outside of its device.
enum class VulkanShare : uint8_t {
  opaque_fd,     // a file descriptor that only the same driver on the same device understands
  dma_buf,       // a file descriptor that other drivers understand too (Linux)
  opaque_win32,  // an NT handle
};

/// What the other side must know to open memory: another device, process or API.
struct VulkanSharedMemory {
  VulkanShare kind = VulkanShare::opaque_fd;
  intptr_t handle = -1;                   // a file descriptor or a HANDLE
  VkDeviceSize size = 0;                  // bytes of the buffer
  VkDeviceSize allocation_size = 0;       // bytes of the memory that it begins
  uint32_t memory_type = 0;               // index of the maker's memory type; not used for dma_buf
  std::array<uint8_t, 16> device_uuid{};  // VkPhysicalDeviceIDProperties of the maker; not used for dma_buf
  std::array<uint8_t, 16> driver_uuid{};
};

/// A buffer in memory of its own, for import_buffer here and for somebody else elsewhere. The device has
/// VK_KHR_external_memory_fd, VK_EXT_external_memory_dma_buf or VK_KHR_external_memory_win32 enabled (a device that
/// Lemnos made itself has what it offers). It must not go before the sessions that use it have run their last step. One
/// thread at a time.
class VulkanSharedBuffer {
 public:
  /// On the session's device. Throws `unsupported` where the device cannot share so, `out_of_memory`.
  static VulkanSharedBuffer create(Session& session, VkDeviceSize bytes, VulkanShare kind = VulkanShare::opaque_fd);
  /// Opens what another side has made. A file descriptor is taken over when this returns, and stays the caller's when
  /// it throws; an NT handle stays the caller's. Throws `unsupported` for another device or driver (with the UUIDs of
  /// both) and where the device cannot share so, `invalid_argument` for a handle that is none.
  static VulkanSharedBuffer open(Session& session, const VulkanSharedMemory& memory);
  VulkanSharedBuffer(VulkanSharedBuffer&&) noexcept;
  VulkanSharedBuffer& operator=(VulkanSharedBuffer&&) noexcept;
  ~VulkanSharedBuffer();

  VulkanBuffer buffer() const;
  /// With a new handle, which the caller gives away or closes.
  VulkanSharedMemory share() const;
  /// Hands the content over to the outside, after everything that the session ran; and takes it back. Both wait. What
  /// lies between a release here and an acquire there is the two sides' own business: a pipe, a semaphore.
  void release(Session& session) const;
  void acquire(Session& session) const;

 private:
  struct Impl;
  explicit VulkanSharedBuffer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Running inside a frame
// -------------------------------------------------------------------------------------------------

/// A semaphore with the value to wait for or to signal (0 for a binary one).
struct VulkanSemaphore {
  VkSemaphore semaphore = VK_NULL_HANDLE;
  uint64_t value = 0;
};

/// One side of a memory barrier.
struct VulkanScope {
  VkPipelineStageFlags2 stages = 0;
  VkAccessFlags2 accesses = 0;
};

struct RecordOptions {
  /// What earlier commands of the application must come before these: those that write an imported buffer, or read an
  /// exported one.
  VulkanScope before;
  /// What follows: with it Lemnos puts the barrier at the end itself.
  VulkanScope after;
};

/// The parameters after a whole number of steps.
struct Published {
  VulkanBuffer parameters;  // all of them; a parameter lies at VulkanRunner::offset_of
  uint64_t steps = 0;       // handed over before it was taken
  /// Reached when the copy is there. On Lemnos's queue no wait is needed, on another one for this. Null after record():
  /// then the application's own command buffer makes it.
  VulkanSemaphore ready;
};

/// The steps of a program that runs on an adopted device, in pieces that fit a frame. Outlived by the program. One
/// thread at a time per session. After construction and publish() nothing here allocates, throws or compiles.
class VulkanRunner {
 public:
  /// Throws `unsupported` for a program that is not on a Vulkan device.
  explicit VulkanRunner(Program& program);
  VulkanRunner(VulkanRunner&&) noexcept;
  VulkanRunner& operator=(VulkanRunner&&) noexcept;
  ~VulkanRunner();

  /// Appends the next segments that fit `budget` to a command buffer in the recording state, outside a render pass, of
  /// Lemnos's queue family. It must be submitted, once, to Lemnos's queue, in the order of recording. Compute bindings
  /// and push constants are overwritten. No submit, no wait. Returns what a barrier of the application must wait for
  /// before it uses the results: the first half of its next barrier.
  VulkanScope record(VkCommandBuffer commands, const Budget& budget, const RecordOptions& options = {},
                     Advanced* done = nullptr);
  /// Hands the next segments that fit to the queue, after `waits`, and signals `signals` after them, also when none
  /// fits.
  Status submit(const Budget& budget, std::span<const VulkanSemaphore> waits = {},
                std::span<const VulkanSemaphore> signals = {}, Advanced* done = nullptr);
  /// Program::advance and Program::cancel.
  Status advance(const Budget& budget, Advanced* done = nullptr);
  void cancel();
  /// Microseconds of device time that a step is expected to take.
  double step_microseconds() const;

  /// Where a target of the program lies: its content is that of the last whole step. Throws `not_found`.
  VulkanBuffer buffer(Value value);

  /// From now on the end of a step is followed by a copy of all parameters into the next of `copies` buffers: a
  /// renderer that reads published() never sees half an update. On other queues than Lemnos's the application must have
  /// finished with a copy before it comes round again. Throws what allocating throws.
  void publish(uint32_t copies = 2);
  /// The newest copy. Throws nothing; empty before publish().
  Published published() const;
  /// Bytes from the start of Published::parameters to a parameter.
  VkDeviceSize offset_of(Value parameter) const;

 private:
  static constexpr size_t kMostSemaphores = 8;
  Program* program_;
};

}  // namespace lemnos

LEMNOS_END_PUBLIC
