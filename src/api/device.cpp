// Device: where backends and ops meet.

#include <cstdlib>
#include <cstring>

#include "api/op_library.h"
#include "api/preset_device.h"
#include "base/text.h"
#include "lemnos/log.h"
#include "lemnos/session.h"
#include "runtime/backends.h"

namespace lemnos {

namespace {

Device made_by(const BackendRow& backend, const DeviceRequest& request) {
  return Device(backend.open(request, op_library()));
}

bool is_absence(const Error& error) {
  return error.code() == ErrorCode::no_device || error.code() == ErrorCode::not_found;
}

// The CPU reference by its name, or the first backend that has such a device.
Device open_named(const DeviceRequest& request) {
  const std::vector<const BackendRow*> rows = backend_rows();
  if (request.selector == rows.back()->name) return made_by(*rows.back(), request);
  for (size_t i = 0; i + 1 < rows.size(); ++i) {
    try {
      return made_by(*rows[i], request);
    } catch (const Error& error) {
      if (!is_absence(error) || i + 2 == rows.size()) throw;
    }
  }
  fail(ErrorCode::no_device, "device: no '", request.selector, "'; this build has only the CPU reference");
}

Device open_best(const DeviceRequest& request) {
  const char* named = std::getenv("LEMNOS_DEVICE");
  if (named && *named && std::strcmp(named, "best") != 0) return open_named({named, request.preset, request.options});
  const std::vector<const BackendRow*> rows = backend_rows();
  std::string refusal = "device: this build has no other backend";
  for (size_t i = 0; i + 1 < rows.size(); ++i) {
    try {
      return made_by(*rows[i], {"best", request.preset, request.options});
    } catch (const Error& error) {
      if (error.code() != ErrorCode::no_device) throw;
      refusal = error.what();
    }
  }
  const Logger logger = request.options.logger ? request.options.logger : default_logger();
  logger(LogLevel::warning, refusal + "; the CPU reference is used instead");
  return made_by(*rows.back(), {"best", request.preset, request.options});
}

Device open_device(const DeviceRequest& request) {
  return request.selector.empty() || request.selector == "best" ? open_best(request) : open_named(request);
}

}  // namespace

Device Device::cpu() { return made_by(*backend_rows().back(), {}); }
Device Device::best(const DeviceOptions& options) { return open_device({"best", "", options}); }
Device Device::find(const std::string& selector, const DeviceOptions& options) {
  return open_device({selector, "", options});
}

Device find_device(const std::string& selector, const std::string& preset) {
  return open_device({selector, preset, {}});
}

std::vector<DeviceInfo> Device::list() {
  std::vector<DeviceInfo> all;
  for (const BackendRow* row : backend_rows())
    for (DeviceInfo& info : row->list()) all.push_back(std::move(info));
  return all;
}

}  // namespace lemnos
