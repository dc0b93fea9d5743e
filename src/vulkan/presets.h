// Poorer devices than the one at hand, by name: what a kernel must also run on, played by any device that can do more.
// A feature that a preset lacks is not even enabled, so that the validation layers report its use.
#pragma once

#include <span>
#include <string>

#include "lemnos/device.h"
#include "vulkan/features.h"

namespace lemnos::vulkan {

struct Preset {
  const char* name;
  const char* lacks;                        // in words
  void (*amend)(FeatureSet&, DeviceCaps&);  // only ever takes something away
};
std::span<const Preset> presets();
/// Throws `not_found` with the names that there are.
const Preset& find_preset(const std::string& name);

}  // namespace lemnos::vulkan
