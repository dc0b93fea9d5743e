// A device in words and as JSON, for `lemnos info` and `lemnos report`.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "lemnos/device.h"

namespace lemnos::tool {

nlohmann::ordered_json to_json(const DeviceInfo& device);
std::string to_text(const DeviceInfo& device);

}  // namespace lemnos::tool
