// The devices that tests run on, opened once.
#pragma once

#include <gtest/gtest.h>

#include <vector>

#include "lemnos/session.h"

namespace lemnos {

/// The CPU reference first, then every usable Vulkan device. Never destroyed: at the end of the process drivers and
/// layers may be gone before (lemnos/session.h, Device).
inline const std::vector<Device>& devices() {
  static const auto* const all = new std::vector<Device>([] {
    std::vector<Device> found = {Device::cpu()};
    for (const DeviceInfo& info : Device::list())
      if (info.usable && info.type != DeviceType::cpu_reference) found.push_back(Device::find(uuid_string(info.uuid)));
    return found;
  }());
  return *all;
}

/// Calls `test` with each of them; what the validation layers say fails it.
template <typename Test>
void on_every_device(Test test) {
  for (const Device& device : devices()) {
    SCOPED_TRACE(device.info().name);
    test(device);
    EXPECT_EQ(device.backend().validation_messages(), std::vector<std::string>{});
  }
}

}  // namespace lemnos
