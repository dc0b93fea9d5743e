// Device: where backends and ops meet.

#include <cstdlib>
#include <cstring>

#include "api/preset_device.h"
#include "base/text.h"
#include "lemnos/log.h"
#include "lemnos/session.h"
#include "ops/rewrites.h"
#include "runtime/backends.h"
#include "shaders/kernels.h"
#ifdef LEMNOS_HAS_VULKAN
#include "vulkan/instance.h"
#include "vulkan/owned_device.h"
#endif

namespace lemnos {

namespace {

#ifdef LEMNOS_HAS_VULKAN
Device open_vulkan(const std::string& selector, const std::string& preset = {}) {
  const OpLibrary library{.find_kernel = find_kernel, .rewrites = rewrites()};
  return Device(make_vulkan_backend(vulkan::open_device({.selector = selector, .preset = preset}), library));
}
std::vector<DeviceInfo> vulkan_devices() {
  try {
    return vulkan::list_devices();
  } catch (const Error& error) {
    if (error.code() == ErrorCode::no_device) return {};
    throw;
  }
}
#else
Device open_vulkan(const std::string&, const std::string& = {}) {
  fail(ErrorCode::no_device, "no Vulkan device: this build has no Vulkan backend");
}
std::vector<DeviceInfo> vulkan_devices() { return {}; }
#endif

}  // namespace

Device Device::cpu() { return Device(make_cpu_backend()); }

Device Device::best() {
  const char* wanted = std::getenv("LEMNOS_DEVICE");
  if (wanted && *wanted && std::strcmp(wanted, "best") != 0) return find(wanted);
  try {
    return open_vulkan("best");
  } catch (const Error& error) {
    if (error.code() != ErrorCode::no_device) throw;
    default_logger()(LogLevel::warning, text(error.what(), "; the CPU reference is used instead"));
    return cpu();
  }
}

Device Device::find(const std::string& selector) {
  if (selector == "cpu") return cpu();
  if (selector.empty() || selector == "best") return best();
  return open_vulkan(selector);
}

Device find_device(const std::string& selector, const std::string& preset) {
  return preset.empty() ? Device::find(selector) : open_vulkan(selector, preset);
}

std::vector<DeviceInfo> Device::list() {
  std::vector<DeviceInfo> all = vulkan_devices();
  all.push_back(cpu().info());
  return all;
}

}  // namespace lemnos
