// A device of our own: chosen by a word, created with everything useful switched on, then adopted like any other.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "vulkan/context.h"
#include "vulkan/instance.h"

namespace lemnos::vulkan {

struct OpenOptions {
  /// See choose_device(). Empty or "best" is replaced by LEMNOS_DEVICE where that is set.
  std::string selector;
  Logger logger;                            // empty: default_logger()
  std::optional<Validation> validation;     // unset: what the environment says
  std::optional<std::string> cache_folder;  // unset: default_cache_folder(); empty: nowhere
  uint64_t memory_budget = 0;               // bytes; 0: no limit of our own
  double longest_submission_ms = 0;         // as in AdoptInfo
  Determinism determinism = Determinism::device;
  /// What to leave out although the device has it: for tests of poorer devices. Default: use everything.
  std::optional<FeatureSet> wanted_features;
  /// Which poorer device to play (presets.h). Empty: what LEMNOS_PRESET says; without that, none.
  std::string preset;
  std::function<void(DeviceTable&)> adjust_table;  // as in AdoptInfo
};

/// Creates instance and device, and adopts them; both are destroyed after the last thing made from the context.
/// Throws `no_device`, `not_found` or `invalid_argument` with the list of devices. A software device is used with a
/// warning in the log.
std::shared_ptr<Context> open_device(const OpenOptions& options = {});

/// LEMNOS_CACHE_DIR ("off": empty), else $XDG_CACHE_HOME/lemnos, else ~/.cache/lemnos (%LOCALAPPDATA%\lemnos).
std::string default_cache_folder();

}  // namespace lemnos::vulkan
