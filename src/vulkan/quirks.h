// What single drivers do otherwise than their word, and what Lemnos does about it: one row a quirk, with the range of
// drivers, the effect and the reason. Every decision that looks at a driver's name is here.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "lemnos/device.h"
#include "vulkan/functions.h"

namespace lemnos::vulkan {

/// Who drives a device, as VkPhysicalDeviceDriverProperties says.
struct DriverIdentity {
  VkDriverId id{};
  std::string_view info;  // "Mesa 22.3.6 (LLVM 15.0.6)"

  /// The number after "Mesa " in `info`, 0 where there is none: some Mesa drivers say nothing by driverVersion.
  unsigned mesa_major() const;
};

struct Quirk {
  const char* name;
  const char* drivers;  // the range, in words
  const char* effect;   // what was seen, where, and how it was measured
  const char* remedy;   // what Lemnos does on such a driver
  bool (*applies)(const DriverIdentity&, const DeviceCaps&);
  void (*amend)(DeviceCaps&);  // the one way in which a quirk changes what is chosen
};
std::span<const Quirk> quirks();

/// Amends the caps for every quirk of this driver.
void apply_quirks(const DriverIdentity& driver, DeviceCaps& caps);

}  // namespace lemnos::vulkan
