#include "vulkan/quirks.h"

#include <charconv>

namespace lemnos::vulkan {

namespace {

bool is_llvmpipe(const DriverIdentity& driver) { return driver.id == VK_DRIVER_ID_MESA_LLVMPIPE; }

const Quirk kQuirks[] = {
    {.name = "broadcast through memory",
     .drivers = "llvmpipe before Mesa 23",
     .effect = "subgroupBroadcast becomes stores and loads: a matrix product with it takes 1.6 times as long (22.3.6), "
               "while on 25.0.7 it is three times as fast",
     .remedy = "fast_broadcast off: products take the tiled variant",
     .applies = [](const DriverIdentity& d) { return is_llvmpipe(d) && d.mesa_major() > 0 && d.mesa_major() < 23; },
     .amend = [](DeviceCaps& caps) { caps.fast_broadcast = false; }},
};

}  // namespace

unsigned DriverIdentity::mesa_major() const {
  constexpr std::string_view kPrefix = "Mesa ";
  unsigned major = 0;
  if (info.starts_with(kPrefix)) std::from_chars(info.data() + kPrefix.size(), info.data() + info.size(), major);
  return major;
}

std::span<const Quirk> quirks() { return kQuirks; }

void apply_quirks(const DriverIdentity& driver, DeviceCaps& caps) {
  for (const Quirk& quirk : kQuirks)
    if (quirk.applies(driver)) quirk.amend(caps);
}

}  // namespace lemnos::vulkan
