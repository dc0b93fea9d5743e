// An instance that Lemnos made for itself, and the list of devices that it sees.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "lemnos/device.h"
#include "lemnos/log.h"
#include "vulkan/loader.h"
#include "vulkan/messages.h"

namespace lemnos::vulkan {

enum class Validation { off, core, sync, gpu };

/// LEMNOS_VALIDATION: unset, empty, "0" or "off" is off; "1" or "core"; "sync" adds synchronization validation,
/// "gpu" instead looks at what kernels access, by code that the layer adds to them.
/// Throws `invalid_argument` for another word.
Validation validation_from_environment();

struct InstanceOptions {
  std::optional<Validation> validation;  // unset: what the environment says
  Logger logger;                         // empty: default_logger()
};

class Instance {
 public:
  /// Vulkan 1.3 where the loader has it, else 1.2. Throws `no_device` without a loader or with an older one,
  /// `unsupported` when validation is asked for and the layer is not installed.
  static std::shared_ptr<Instance> create(const InstanceOptions& options = {});
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  VkInstance handle() const { return instance_; }
  const InstanceTable& vk() const { return table_; }
  uint32_t api_version() const { return api_version_; }
  Validation validation() const { return validation_; }
  bool has_debug_utils() const { return table_.vkCreateDebugUtilsMessengerEXT != nullptr; }
  const Logger& logger() const { return logger_; }
  /// Never null; stays empty while validation is off.
  const std::shared_ptr<MessageLog>& messages() const { return messages_; }

  std::vector<VkPhysicalDevice> physical_devices() const;
  /// In the order of physical_devices(); unusable ones included, with their refusal.
  std::vector<DeviceInfo> list_devices() const;

 private:
  Instance() = default;
  void create_handle();
  void create_messenger();

  std::shared_ptr<Loader> loader_;
  Logger logger_;
  std::shared_ptr<MessageLog> messages_;
  Validation validation_ = Validation::off;
  uint32_t api_version_ = 0;
  VkInstance instance_ = VK_NULL_HANDLE;
  InstanceTable table_;
  VkDebugUtilsMessengerEXT messenger_ = VK_NULL_HANDLE;
};

/// The devices of a machine, through an instance that lives only for this call. Empty without a loader or driver.
std::vector<DeviceInfo> list_devices(const InstanceOptions& options = {});

}  // namespace lemnos::vulkan
