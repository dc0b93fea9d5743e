// The fastest variant of each op on a device: measured once, stored in a file, used when a program is compiled.
//
//   Tuning tuning = io::load_tuning("tuning.json", device.info());                    // empty if nothing is known
//   auto program = session->compile({.targets = targets, .tuning = &tuning, .tune_seconds = 5});
//   io::save_tuning(tuning, "tuning.json");                            // an application ships the file and omits
//   tune_seconds
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lemnos/device.h"
#include "lemnos/visibility.h"

LEMNOS_BEGIN_PUBLIC

namespace lemnos {

/// One variant of an op at one shape.
struct TunedVariant {
  std::string variant;      // "tiled64"
  double microseconds = 0;  // of one run: the median of several
  uint64_t kernels = 0;     // hash of the launched modules: a time does not apply to changed kernels
  std::string refusal;      // why it was not measured, or how its result was wrong; otherwise empty
};

/// All variants of an op at one shape, the fastest first, refused ones last. The default variant comes first if it is
/// within 3 % of the fastest.
struct TunedOp {
  std::string op;     // "matmul(f32[128, 784], f32[784, 512]) transpose_a=0 ..."
  std::string usual;  // the default variant, used if nothing was measured
  std::vector<TunedVariant> variants;
};

/// The measurements of one device with one driver version.
class Tuning {
 public:
  /// Without measurements.
  explicit Tuning(const DeviceInfo& device)
      : name_(device.name),
        uuid_(uuid_string(device.uuid)),
        driver_(device.driver),
        driver_version_(device.driver_version) {}

  /// The times of an op, or null.
  const TunedOp* find(std::string_view op) const {
    const auto it = ops_.find(op);
    return it == ops_.end() ? nullptr : &it->second;
  }
  /// Adds times, or replaces those of the same op.
  void put(TunedOp op) {
    std::string key = op.op;
    ops_.insert_or_assign(std::move(key), std::move(op));
  }
  /// By op, shapes and attributes.
  const std::map<std::string, TunedOp, std::less<>>& ops() const { return ops_; }

  /// Where the times were measured.
  const std::string& device_name() const { return name_; }
  /// Where the times were measured.
  const std::string& device_uuid() const { return uuid_; }
  /// Where the times were measured.
  const std::string& driver() const { return driver_; }
  /// Where the times were measured.
  const std::string& driver_version() const { return driver_version_; }

 private:
  std::string name_, uuid_, driver_, driver_version_;
  std::map<std::string, TunedOp, std::less<>> ops_;
};

namespace io {
/// Loads the measurements of this device and driver version; empty if the file has none or does not exist. Throws
/// `corrupt_data` for a file that is not a tuning file.
Tuning load_tuning(const std::filesystem::path& path, const DeviceInfo& device);
/// Adds the measurements to the file and keeps those of other devices and drivers. Throws `io`, `corrupt_data`.
void save_tuning(const Tuning& tuning, const std::filesystem::path& path);
}  // namespace io

}  // namespace lemnos

LEMNOS_END_PUBLIC
