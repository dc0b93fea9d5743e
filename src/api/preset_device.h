// A device that simulates a less capable one: for tests of kernels that it would not choose itself.
#pragma once

#include <string>

#include "lemnos/session.h"

namespace lemnos {

/// As Device::find, but as the named preset of vulkan/presets.h; "" is the device as it is, unless LEMNOS_PRESET names
/// one. Throws `not_found` for a name that is none.
Device find_device(const std::string& selector, const std::string& preset);

}  // namespace lemnos
