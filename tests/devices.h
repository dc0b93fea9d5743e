// The devices that tests run on, opened once.
#pragma once

#include <vector>

#include "lemnos/session.h"

namespace lemnos {

/// The CPU reference first, then every usable Vulkan device.
inline const std::vector<Device>& devices() {
  static const std::vector<Device> all = [] {
    std::vector<Device> found = {Device::cpu()};
    for (const DeviceInfo& info : Device::list())
      if (info.usable && info.type != DeviceType::cpu_reference) found.push_back(Device::find(uuid_string(info.uuid)));
    return found;
  }();
  return all;
}

}  // namespace lemnos
