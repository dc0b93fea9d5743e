// What single drivers do otherwise than their word, and what Lemnos does about it: one row a quirk, with the range of
// drivers, the effect and the reason. Every decision that looks at a driver's name is here.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lemnos/device.h"
#include "vulkan/functions.h"

namespace lemnos::vulkan {

/// Which device, and who drives it, as its properties say.
struct DriverIdentity {
  VkDriverId id{};
  std::string_view info = {};  // "Mesa 22.3.6 (LLVM 15.0.6)", "595.58.03"
  uint32_t vendor_id = 0;
  uint32_t device_id = 0;
  bool integrated = false;
  std::string_view device = {};  // "AMD Radeon RX 6800 XT"
  uint32_t subgroup_size = 0;

  /// The first numbers in `info`, 0 where there are none. driverVersion packs them otherwise for each vendor.
  std::array<unsigned, 3> version() const;
  /// A Mesa driver of a known version below this one.
  bool is_mesa_before(unsigned major, unsigned minor = 0) const;
};

struct Quirk {
  const char* name;     // for LEMNOS_QUIRKS
  const char* drivers;  // the range, in words
  const char* effect;   // what was seen, where, and how it was measured
  const char* remedy;   // what Lemnos does on such a driver
  bool (*applies)(const DriverIdentity&);
  void (*amend)(DeviceCaps&);            // what a quirk changes of what is chosen
  bool avoids_the_matrix_query = false;  // the shapes of the matrix unit are not asked for: asking may crash
};
std::span<const Quirk> quirks();

/// Those that are in force for a device: the rows that apply, changed by `words`, the text of LEMNOS_QUIRKS: "off" for
/// none, else "+name" and "-name" with commas or blanks between. Throws `invalid_argument` for any other word, with the
/// names that there are.
std::vector<const Quirk*> quirks_in_force(const DriverIdentity& driver, std::string_view words);
/// By the environment's LEMNOS_QUIRKS.
std::vector<const Quirk*> quirks_in_force(const DriverIdentity& driver);

}  // namespace lemnos::vulkan
