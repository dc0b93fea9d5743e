#include "runtime/backends.h"
#include "vulkan/instance.h"
#include "vulkan/owned_device.h"

namespace lemnos {

namespace {

std::vector<DeviceInfo> list() {
  try {
    return vulkan::list_devices();
  } catch (const Error& error) {
    if (error.code() == ErrorCode::no_device) return {};
    throw;
  }
}

std::shared_ptr<Backend> open(const DeviceRequest& request, const OpLibrary& library) {
  return make_vulkan_backend(
      vulkan::open_device({.selector = request.selector, .logger = request.logger, .preset = request.preset}), library);
}

}  // namespace

extern const BackendRow vulkan_row;  // the table is made by the build
const BackendRow vulkan_row = {"vulkan", list, open};

}  // namespace lemnos
