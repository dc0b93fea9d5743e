#include "base/text.h"
#include "runtime/backends.h"

namespace lemnos {

namespace {

std::vector<DeviceInfo> list() { return {make_cpu_backend()->info()}; }

std::shared_ptr<Backend> open(const DeviceRequest& request, const OpLibrary&) {
  require(request.preset.empty(), ErrorCode::invalid_argument, "cpu: the reference plays no preset such as '",
          request.preset, "'");
  return make_cpu_backend();
}

}  // namespace

extern const BackendRow cpu_row;  // the table is made by the build
const BackendRow cpu_row = {"cpu", list, open};

}  // namespace lemnos
