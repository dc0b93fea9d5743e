// lemnos.h: version and devices.

#include "api/c_handles.h"

namespace lemnos::c {

namespace {

lemnos_device_info info_of(const DeviceInfo& from) {
  lemnos_device_info info{};
  info.usable = from.usable;
  copy_text(info.type, to_string(from.type));
  copy_text(info.name, from.name);
  copy_text(info.driver, from.driver);
  copy_text(info.driver_version, from.driver_version);
  copy_text(info.api_version, from.api_version);
  copy_text(info.uuid, uuid_string(from.uuid));
  copy_text(info.refusal, from.refusal);
  info.memory_bytes = from.memory_bytes;
  return info;
}

}  // namespace

}  // namespace lemnos::c

using namespace lemnos;
using c::given, c::guard;

extern "C" {

uint32_t lemnos_version(void) {
  return uint32_t{LEMNOS_VERSION_MAJOR} << 24 | uint32_t{LEMNOS_VERSION_MINOR} << 16 | uint32_t{LEMNOS_VERSION_PATCH};
}

lemnos_result lemnos_device_open(const char* selector, lemnos_device** device, lemnos_error* error) {
  return guard(error, [&] {
    given(device, "device_open", "device") = nullptr;
    *device = new lemnos_device{Device::find(c::text_of(selector))};
  });
}

void lemnos_device_destroy(lemnos_device* device) { delete device; }

lemnos_result lemnos_device_get_info(const lemnos_device* device, lemnos_device_info* info, lemnos_error* error) {
  return guard(error, [&] {
    given(info, "device_get_info", "info");
    c::output(info, c::info_of(given(device, "device_get_info", "device").device.info()), "device_get_info");
  });
}

lemnos_result lemnos_list_devices(lemnos_device_info* infos, uint32_t* count, lemnos_error* error) {
  return guard(error, [&] {
    uint32_t& room = given(count, "list_devices", "count");
    const std::vector<DeviceInfo> all = Device::list();
    if (infos) {
      const size_t stride = infos->struct_size;
      for (size_t i = 0; i < std::min<size_t>(room, all.size()); ++i) {
        auto* at = reinterpret_cast<lemnos_device_info*>(reinterpret_cast<std::byte*>(infos) + i * stride);
        at->struct_size = static_cast<uint32_t>(stride);
        c::output(at, c::info_of(all[i]), "list_devices");
      }
    }
    room = static_cast<uint32_t>(all.size());
  });
}

lemnos_result lemnos_device_validation_count(const lemnos_device* device, uint64_t* count, lemnos_error* error) {
  return guard(error, [&] {
    const lemnos_device& on = given(device, "validation_count", "device");
    given(count, "validation_count", "count") = on.device.backend().validation_messages().size();
  });
}

}  // extern "C"
