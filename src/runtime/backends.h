// The execution backends of this build.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lemnos/log.h"
#include "lemnos/session.h"
#include "runtime/op_library.h"

namespace lemnos {

namespace vulkan {
class Context;
}

/// A device of our own that somebody asks for.
struct DeviceRequest {
  std::string selector;  // "best", or as Device::find() takes it
  std::string preset;    // which poorer device to play; empty: none
  DeviceOptions options;
};

/// An execution backend: one row of the table that src/runtime/CMakeLists.txt makes of the words there.
struct BackendRow {
  const char* name;
  std::vector<DeviceInfo> (*list)();  // empty where the machine has no driver
  /// Throws `no_device` or `not_found` where it has no such device.
  std::shared_ptr<Backend> (*open)(const DeviceRequest&, const OpLibrary&);
};
/// The most wanted first; the CPU reference, which is always there, is last.
std::vector<const BackendRow*> backend_rows();

/// Interprets graphs with the ops' references, in double, rounding every value to its dtype: the oracle.
std::shared_ptr<Backend> make_cpu_backend();

/// Compiles graphs for an adopted Vulkan device.
std::shared_ptr<Backend> make_vulkan_backend(std::shared_ptr<vulkan::Context> context, const OpLibrary& library);

}  // namespace lemnos
