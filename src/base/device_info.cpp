#include "base/text.h"
#include "lemnos/device.h"

namespace lemnos {

const char* to_string(DeviceType type) {
  switch (type) {
    case DeviceType::cpu_reference: return "reference";
    case DeviceType::software: return "software";
    case DeviceType::integrated: return "integrated";
    case DeviceType::discrete: return "discrete";
    case DeviceType::virtual_gpu: return "virtual";
    case DeviceType::other: return "other";
  }
  return "unknown";
}

std::string uuid_string(const std::array<uint8_t, 16>& uuid) {
  std::string out;
  for (size_t i = 0; i < uuid.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    out += formatted("%02x", uuid[i]);
  }
  return out;
}

}  // namespace lemnos
