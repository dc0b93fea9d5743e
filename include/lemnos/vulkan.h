// Use inside an application that owns a VkDevice: required features, adopting the device, running steps inside a frame,
// sharing buffers. The only public header with Vulkan types; it calls no Vulkan function.
//
// The application keeps its handles: Lemnos destroys no borrowed handle, never calls vkDeviceWaitIdle on the device,
// uses only features that were listed as enabled, and has no global state: several adopted devices can coexist.
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

/// The features and extensions to enable. Required: timelineSemaphore and synchronization2, on Vulkan 1.2 or later. All
/// others are optional, and used if they are listed in VulkanDevice.
class VulkanRequirements {
 public:
  VulkanRequirements(VulkanRequirements&&) noexcept;
  VulkanRequirements& operator=(VulkanRequirements&&) noexcept;
  ~VulkanRequirements();

  /// Why the physical device cannot be used; empty if it can.
  const std::string& refusal() const;
  /// For VkDeviceCreateInfo::ppEnabledExtensionNames. The strings are never destroyed.
  const std::vector<const char*>& extensions() const;
  /// A chain for VkDeviceCreateInfo::pNext, for an application without its own; valid as long as this object.
  const VkPhysicalDeviceFeatures2* features() const;
  /// For an application with its own chain: enables the features of features() in it. Returns the required features for
  /// which the chain has no structure; in that case add VkPhysicalDeviceVulkan12Features and
  /// VkPhysicalDeviceVulkan13Features or the features' own structures.
  std::vector<std::string> enable_in(VkPhysicalDeviceFeatures2& chain) const;
  /// A suitable family for the compute queue.
  uint32_t compute_family() const;

 private:
  friend VulkanRequirements required_vulkan(VkInstance, VkPhysicalDevice, PFN_vkGetInstanceProcAddr, uint32_t, bool);
  struct Impl;
  explicit VulkanRequirements(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// `api_version`: the lower of the instance's and the device's. `optional`: also features that make kernels faster, as
/// far as the device supports them (half precision, subgroup control, memory budget, ...).
VulkanRequirements required_vulkan(VkInstance instance, VkPhysicalDevice physical_device,
                                   PFN_vkGetInstanceProcAddr get_instance_proc_addr, uint32_t api_version,
                                   bool optional = true);

// Adopting
// ---------------------------------------------------------------------------------------------------------------

/// A queue of the application, and how it is locked.
struct VulkanQueue {
  VkQueue handle = VK_NULL_HANDLE;  // null: queried from the device
  uint32_t family = 0;
  uint32_t index = 0;
};

/// The application's device, adopted by Device::adopt.
struct VulkanDevice {
  VkInstance instance = VK_NULL_HANDLE;
  VkPhysicalDevice physical_device = VK_NULL_HANDLE;
  VkDevice device = VK_NULL_HANDLE;
  PFN_vkGetInstanceProcAddr get_instance_proc_addr = nullptr;
  uint32_t api_version = VK_API_VERSION_1_2;                    // the lower of the instance's and the device's
  std::vector<const char*> enabled_extensions;                  // of the device, and VK_EXT_debug_utils of the instance
  const VkPhysicalDeviceFeatures2* enabled_features = nullptr;  // the chain that the device was created with

  VulkanQueue compute_queue;
  /// Called before and after every use of a queue, on the thread that submits. Empty: no other code uses the queue.
  std::function<void(const VulkanQueue&)> lock_queue;
  std::function<void(const VulkanQueue&)> unlock_queue;
  /// Submits instead of Lemnos, which already holds the lock.
  std::function<VkResult(const VulkanQueue&, const VkSubmitInfo2&)> submit;

  VkPipelineCache pipeline_cache = VK_NULL_HANDLE;              // null: Lemnos creates one
  const VkAllocationCallbacks* allocation_callbacks = nullptr;  // for host memory
  uint64_t memory_budget = 0;                                   // limit in bytes of device memory; 0: none
  double longest_submission_ms = 0;                             // as in DeviceOptions
  Determinism determinism = Determinism::device;                // as in DeviceOptions
  std::string cache_folder;  // stores compiled pipelines between runs; empty: not stored
  Logger logger;             // empty: default_logger()
};

/// The borrowed handles must outlive the Device and everything created from it. Throws `invalid_argument` for a missing
/// handle or a queue that cannot compute, `out_of_range` for a queue that does not exist, `unsupported` where a
/// required feature is not enabled.
Device adopt(const VulkanDevice& device);

// Data
// -------------------------------------------------------------------------------------------------------------------

/// A range of a buffer.
struct VulkanBuffer {
  VkBuffer buffer = VK_NULL_HANDLE;
  VkDeviceSize offset = 0;  // bytes
  VkDeviceSize size = 0;    // bytes
};

/// Places an input, constant or variable of the session's graph in an application's buffer (created with the usages
/// storage, transfer source and transfer destination), which must outlive the session. The content of the buffer is
/// kept. `offset` is a multiple of minStorageBufferOffsetAlignment, `size` at least the tensor's bytes, rounded up to
/// words. Call it before the value is written and before a program that uses it is compiled. Throws `invalid_argument`,
/// `shape_mismatch`.
void import_buffer(Session& session, Value value, const VulkanBuffer& buffer);

/// The buffer of an input, variable, parameter or slot of the session. Valid as long as the session. Read it between
/// steps, or publish the parameters (VulkanRunner::publish).
VulkanBuffer export_buffer(Session& session, Value value);

/// The kind of handle for memory that is shared.
enum class VulkanShare : uint8_t {
  opaque_fd,     // a file descriptor that only the same driver on the same device understands
  dma_buf,       // a file descriptor that other drivers understand too (Linux)
  opaque_win32,  // an NT handle
};

/// Everything that another device, process or API needs to open the memory.
struct VulkanSharedMemory {
  VulkanShare kind = VulkanShare::opaque_fd;
  intptr_t handle = -1;                   // a file descriptor or a HANDLE
  VkDeviceSize size = 0;                  // bytes of the buffer
  VkDeviceSize allocation_size = 0;       // bytes of the memory allocation, at whose start it is
  uint32_t memory_type = 0;               // memory type index of the exporter; not used for dma_buf
  std::array<uint8_t, 16> device_uuid{};  // VkPhysicalDeviceIDProperties of the exporter; not used for dma_buf
  std::array<uint8_t, 16> driver_uuid{};
};

/// A buffer with its own memory allocation, for import_buffer here and for another device, process or API. The device
/// needs VK_KHR_external_memory_fd, VK_EXT_external_memory_dma_buf or VK_KHR_external_memory_win32 (a device that
/// Lemnos opened itself has those that it supports). Keep it until the sessions that use it have run their last step.
/// One thread at a time.
class VulkanSharedBuffer {
 public:
  /// Creates it on the session's device. Throws `unsupported` if the device does not support this kind,
  /// `out_of_memory`.
  static VulkanSharedBuffer create(Session& session, VkDeviceSize bytes, VulkanShare kind = VulkanShare::opaque_fd);
  /// Opens memory that another side exported. Takes ownership of a file descriptor on success; on failure, and for an
  /// NT handle, the caller keeps it. Throws `unsupported` for another device or driver (with both UUIDs) and if the
  /// device does not support this kind, `invalid_argument` for an invalid handle.
  static VulkanSharedBuffer open(Session& session, const VulkanSharedMemory& memory);
  VulkanSharedBuffer(VulkanSharedBuffer&&) noexcept;
  VulkanSharedBuffer& operator=(VulkanSharedBuffer&&) noexcept;
  ~VulkanSharedBuffer();

  /// The memory as a buffer of this device.
  VulkanBuffer buffer() const;
  /// Exports the memory with a new handle, which the caller passes on or closes.
  VulkanSharedMemory share() const;
  /// Releases the content to the outside after all work of the session, and acquires it again. Both wait. The two sides
  /// must order a release here and an acquire there themselves, for example with a pipe or a semaphore.
  void release(Session& session) const;
  /// Makes what another process wrote visible to the session.
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

/// For VulkanRunner::record.
struct RecordOptions {
  /// Earlier commands of the application that must complete before these: those that write an imported buffer, or read
  /// an exported one.
  VulkanScope before;
  /// Later commands of the application: if given, Lemnos adds the final barrier itself.
  VulkanScope after;
};

/// The parameters after a whole number of steps.
struct Published {
  VulkanBuffer parameters;  // all of them; a parameter is at VulkanRunner::offset_of
  uint64_t steps = 0;       // submitted before the copy
  /// Signalled when the copy is complete. On another queue than Lemnos's, wait for it; on Lemnos's queue no wait is
  /// needed. Null after record(), because the application's command buffer contains the copy.
  VulkanSemaphore ready;
};

/// Runs the steps of a program on an adopted device, in segments that fit a frame. The program must outlive it. One
/// thread at a time per session. After construction and publish() no function allocates, throws or compiles.
class VulkanRunner {
 public:
  /// Throws `unsupported` if the program is not on a Vulkan device.
  explicit VulkanRunner(Program& program);
  VulkanRunner(VulkanRunner&&) noexcept;
  VulkanRunner& operator=(VulkanRunner&&) noexcept;
  ~VulkanRunner();

  /// Appends the next segments that fit `budget` to a command buffer in the recording state, outside a render pass, of
  /// Lemnos's queue family. Submit it once, to Lemnos's queue, in the order of recording. Overwrites compute bindings
  /// and push constants. Does not submit or wait. Returns the source scope for the application's next barrier before it
  /// uses the results.
  VulkanScope record(VkCommandBuffer commands, const Budget& budget, const RecordOptions& options = {},
                     Advanced* done = nullptr);
  /// Submits the next segments that fit, after `waits`, and signals `signals` after them, even if none fits.
  Status submit(const Budget& budget, std::span<const VulkanSemaphore> waits = {},
                std::span<const VulkanSemaphore> signals = {}, Advanced* done = nullptr);
  /// Program::advance and Program::cancel.
  Status advance(const Budget& budget, Advanced* done = nullptr);
  /// Program::cancel.
  void cancel();
  /// Expected device time of a step, in microseconds.
  double step_microseconds() const;

  /// The buffer of a target of the program, with the content of the last whole step. Throws `not_found`.
  VulkanBuffer buffer(Value value);

  /// From now on each step ends with a copy of all parameters into the next of `copies` buffers, so that a renderer
  /// that reads published() never sees a partial update. On other queues than Lemnos's the application must finish with
  /// a copy before it is overwritten, `copies` steps later. Throws what allocating throws.
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
