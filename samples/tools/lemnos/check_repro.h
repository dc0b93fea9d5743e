// lemnos check --repro: which run the folder holds.
#pragma once

#include <cstdio>
#include <optional>
#include <string>

#include "check/runner.h"

namespace lemnos::tool {

/// Keeps the folder at the run that is under way, so that a driver that takes the process along leaves it there; and
/// leaves in it the first run that failed, or else the first one that this device can do.
class ReproFolder {
 public:
  /// "" is no folder: then nothing here does anything. Throws `unsupported` for a device that launches nothing.
  ReproFolder(std::string folder, const DeviceInfo& device);
  void begin(const check::Run& run);
  /// Whether the folder stays as it is, because this run failed.
  bool end(const check::Run& run, const check::Outcome& outcome);
  /// Says what is in it.
  void finish(std::FILE* out);

 private:
  bool write(const check::Run& run, const std::string& message);

  std::string folder_;
  const DeviceInfo& device_;
  bool written_ = false;             // the run that is under way is in the folder
  std::optional<check::Run> first_;  // that passed
  std::string failed_;               // the name of the run
};

}  // namespace lemnos::tool
