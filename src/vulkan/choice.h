// Which of several devices a word means. Pure: works on the plain list, needs no Vulkan.
#pragma once

#include <span>
#include <string>

#include "lemnos/device.h"

namespace lemnos::vulkan {

/// The index in `devices` that `selector` names:
///   "" or "best"            discrete before integrated before virtual before software; more memory first
///   "uuid:6d657361-..."     or the bare UUID, dashes optional
///   "luid:0011223344556677"
///   "pci:0000:01:00.0"
///   "index:1"
///   anything else           the exact name, else a part of it, case ignored
/// Throws `not_found` for no match and `invalid_argument` for several, both listing the devices; `no_device` for an
/// empty list or a chosen device that cannot be used, with its refusal.
size_t choose_device(std::span<const DeviceInfo> devices, const std::string& selector);

}  // namespace lemnos::vulkan
