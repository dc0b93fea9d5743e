// A Vulkan device that Lemnos may use, borrowed from an application or made by open_device(): one way in, `adopt`.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "lemnos/device.h"
#include "lemnos/error.h"
#include "lemnos/log.h"
#include "vulkan/features.h"
#include "vulkan/kernel.h"
#include "vulkan/messages.h"
#include "vulkan/submission_log.h"

namespace lemnos::vulkan {

class Allocator;

enum class QueueRole { compute, transfer };

struct QueueHandle {
  VkQueue handle = VK_NULL_HANDLE;  // null: asked from the device
  uint32_t family = 0;
  uint32_t index = 0;
};

/// Everything that Lemnos is told about a device. Borrowed handles are never destroyed, and must outlive the context.
/// Nothing that is not listed as enabled is used.
struct AdoptInfo {
  VkInstance instance = VK_NULL_HANDLE;
  VkPhysicalDevice physical_device = VK_NULL_HANDLE;
  VkDevice device = VK_NULL_HANDLE;
  PFN_vkGetInstanceProcAddr get_instance_proc_addr = nullptr;
  uint32_t api_version = VK_API_VERSION_1_2;        // the lower of the instance's and the device's
  std::span<const char* const> enabled_extensions;  // of the device, and VK_EXT_debug_utils of the instance
  const VkPhysicalDeviceFeatures2* enabled_features = nullptr;

  QueueHandle compute_queue;
  std::optional<QueueHandle> transfer_queue;
  /// Called around every use of a queue, from the thread that submits. Empty: no other code uses the queue.
  std::function<void(const QueueHandle&)> lock_queue;
  std::function<void(const QueueHandle&)> unlock_queue;
  /// Submits in place of Lemnos (which has taken the lock already).
  std::function<VkResult(const QueueHandle&, const VkSubmitInfo2&)> submit;

  VkPipelineCache pipeline_cache = VK_NULL_HANDLE;  // the application's; null: one of our own
  const VkAllocationCallbacks* allocation_callbacks = nullptr;
  uint64_t memory_budget = 0;                     // bytes of device memory that Lemnos may take; 0: no limit of its own
  double longest_submission_ms = 0;               // of device time; 0: LEMNOS_SUBMISSION_MS, or else 250
  Determinism determinism = Determinism::device;  // as in DeviceOptions
  std::string cache_folder;                       // where compiled pipelines are kept between runs; empty: nowhere
  Logger logger;                                  // empty: default_logger()
  std::shared_ptr<MessageLog> messages;           // where the validation layers write, when that is known

  /// Called once with the loaded table before its first use: how a test injects faults, also into memory functions.
  std::function<void(DeviceTable&)> adjust_table;
  /// Released after everything else: keeps a device alive that belongs to this context alone.
  std::shared_ptr<void> owner;
};

/// How often the expensive things happened. A replayed step changes only `submits` and `waits`.
struct Counters {
  std::atomic<uint64_t> allocations{0};      // buffers created
  std::atomic<uint64_t> pipelines{0};        // pipelines created
  std::atomic<uint64_t> command_buffers{0};  // command buffers recorded (begun)
  std::atomic<uint64_t> submits{0};
  std::atomic<uint64_t> waits{0};                // blocking waits of the host
  std::atomic<double> longest_submission_ms{0};  // of those that were timed
};

/// Thread-safe after construction, but for clamp_caps() and mutable_table(). Everything made from it holds it alive.
class Context {
 public:
  /// Throws `invalid_argument` for a missing handle, `unsupported` where a required feature is not enabled.
  static std::shared_ptr<Context> adopt(const AdoptInfo& info);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  const DeviceInfo& info() const { return info_; }
  /// What the device supports, the application enabled, and no test has clamped.
  const DeviceCaps& caps() const { return info_.caps; }
  const FeatureSet& features() const { return features_; }
  /// Makes caps() the poorer of themselves and `limits`. Call before anything is made from the context.
  void clamp_caps(const DeviceCaps& limits);
  /// Where files about this device are kept between runs; empty: nowhere.
  const std::string& cache_folder() const { return cache_folder_; }

  const DeviceTable& vk() const { return vk_; }
  const InstanceTable& instance_vk() const { return instance_vk_; }
  /// For tests. Memory functions are copied by the allocator when the context is made: replace those through
  /// AdoptInfo::adjust_table.
  DeviceTable& mutable_table() { return vk_; }
  VkInstance instance() const { return instance_; }
  VkPhysicalDevice physical_device() const { return physical_device_; }
  VkDevice device() const { return device_; }
  uint32_t api_version() const { return api_version_; }
  const VkAllocationCallbacks* callbacks() const { return callbacks_; }
  /// Of `transfer` when there is such a queue, else of `compute`.
  const QueueHandle& queue(QueueRole role = QueueRole::compute) const;
  bool has_transfer_queue() const { return transfer_queue_.has_value(); }
  bool has_debug_labels() const { return debug_labels_; }

  /// Submits under the queue lock. Remembers a lost device.
  Status submit(const VkSubmitInfo2& info, QueueRole role = QueueRole::compute);
  bool lost() const { return lost_.load(std::memory_order_relaxed); }
  /// Throws `device_lost` where it was: before something is made for `what`.
  void require_present(std::string_view what) const;
  /// Remembers a lost device and translates.
  Status note(VkResult result);
  /// Empty while the device is there. Else: how it was lost, the last submissions by the names of their nodes and
  /// whether each ran to its end, and what the driver says of it. The logger was told the same.
  std::string loss_report() const;
  SubmissionLog& submissions() { return submissions_; }

  Allocator& allocator() { return *allocator_; }
  /// The pipeline for `desc`, made at the first call and kept as long as the context. Thread-safe. Throws
  /// `unsupported` naming the limit when the device cannot run it.
  const Pipeline& pipeline(const PipelineDesc& desc) { return pipelines_->get(desc); }
  /// Makes what is missing, on a few threads.
  void prepare(std::span<const PipelineDesc> descs) { pipelines_->prepare(descs); }
  /// Writes the pipeline cache to its folder. The destructor does the same. Returns false without a folder, on a lost
  /// device, and when the write fails; a failed write is logged.
  bool save_pipeline_cache() { return pipelines_->save(); }

  const PipelineStore& pipelines() const { return *pipelines_; }

  Counters& counters() { return counters_; }
  /// Null unless whoever made the instance shares what its validation layers say.
  const std::shared_ptr<MessageLog>& messages() const { return messages_; }
  void log(LogLevel level, std::string_view message) const { logger_(level, message); }
  /// Names a Vulkan object for captures and validation messages; nothing without VK_EXT_debug_utils.
  void set_name(VkObjectType type, uint64_t handle, const std::string& name) const;

 private:
  Context() = default;
  void take_handles(const AdoptInfo& info);
  void take_queues(const AdoptInfo& info);

  std::shared_ptr<void> owner_;  // first, so that it goes last
  Logger logger_;
  std::shared_ptr<MessageLog> messages_;
  VkInstance instance_ = VK_NULL_HANDLE;
  VkPhysicalDevice physical_device_ = VK_NULL_HANDLE;
  VkDevice device_ = VK_NULL_HANDLE;
  uint32_t api_version_ = 0;
  const VkAllocationCallbacks* callbacks_ = nullptr;
  InstanceTable instance_vk_;
  DeviceTable vk_;
  FeatureSet features_;
  DeviceInfo info_;
  std::string cache_folder_;
  bool debug_labels_ = false;

  QueueHandle compute_queue_;
  std::optional<QueueHandle> transfer_queue_;
  std::mutex queue_mutex_;  // used when the application gave no lock of its own
  std::function<void(const QueueHandle&)> lock_queue_;
  std::function<void(const QueueHandle&)> unlock_queue_;
  std::function<VkResult(const QueueHandle&, const VkSubmitInfo2&)> submit_;
  std::atomic<bool> lost_{false};
  SubmissionLog submissions_;
  mutable std::mutex report_mutex_;
  std::string loss_report_;

  Counters counters_;
  std::unique_ptr<Allocator> allocator_;
  std::unique_ptr<PipelineStore> pipelines_;
};

}  // namespace lemnos::vulkan
