#include "vulkan/quirks.h"

#include <charconv>

namespace lemnos::vulkan {

namespace {

bool is_llvmpipe(const DriverIdentity& driver) { return driver.id == VK_DRIVER_ID_MESA_LLVMPIPE; }
bool is_llvmpipe_before_23(const DriverIdentity& driver, const DeviceCaps&) {
  return is_llvmpipe(driver) && driver.mesa_major() > 0 && driver.mesa_major() < 23;
}
bool is_llvmpipe_of_16(const DriverIdentity& driver, const DeviceCaps& caps) {
  return is_llvmpipe(driver) && caps.subgroup_size > 8;
}

void drop_fast_broadcast(DeviceCaps& caps) { caps.fast_broadcast = false; }
void drop_matrix_unit(DeviceCaps& caps) {
  caps.cooperative_matrix = false;
  caps.matrix_shapes.clear();
}

const Quirk kQuirks[] = {
    {.name = "broadcast through memory",
     .drivers = "llvmpipe before Mesa 23",
     .effect = "subgroupBroadcast becomes stores and loads: a matrix product with it takes 1.6 times as long (22.3.6), "
               "while on 25.0.7 it is three times as fast",
     .remedy = "fast_broadcast off: products take the tiled variant",
     .applies = is_llvmpipe_before_23,
     .amend = drop_fast_broadcast},
    {.name = "matrix unit of 16 lanes",
     .drivers = "llvmpipe with subgroups of 16 (LP_NATIVE_VECTOR_WIDTH=512)",
     .effect = "vkCreateComputePipelines crashes at every kernel with coopMatMulAdd (26.1.6); with subgroups of 8 the "
               "same kernels are right",
     .remedy = "no cooperative matrices: products take the other variants",
     .applies = is_llvmpipe_of_16,
     .amend = drop_matrix_unit},
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
    if (quirk.applies(driver, caps)) quirk.amend(caps);
}

}  // namespace lemnos::vulkan
