// The table of quirks: who is meant, and that being meant only ever takes something away.
#include "vulkan/quirks.h"

#include <gtest/gtest.h>

#include "vulkan/caps.h"

namespace lemnos::vulkan::testing {
namespace {

DeviceCaps caps_on(const DriverIdentity& driver) {
  DeviceCaps caps;
  caps.subgroup_arithmetic = caps.fast_broadcast = true;
  apply_quirks(driver, caps);
  return caps;
}

TEST(Quirks, MeanTheirDriversAlone) {
  EXPECT_FALSE(caps_on({VK_DRIVER_ID_MESA_LLVMPIPE, "Mesa 22.3.6 (LLVM 15.0.6)"}).fast_broadcast);
  EXPECT_TRUE(caps_on({VK_DRIVER_ID_MESA_LLVMPIPE, "Mesa 25.0.7-2+deb13u1 (LLVM 19.1.7)"}).fast_broadcast);
  EXPECT_TRUE(caps_on({VK_DRIVER_ID_MESA_LLVMPIPE, "no version here"}).fast_broadcast);
  EXPECT_TRUE(caps_on({VK_DRIVER_ID_MESA_RADV, "Mesa 22.3.6"}).fast_broadcast);
}

TEST(Quirks, SayWhomWhatAndWhy) {
  for (const Quirk& quirk : quirks())
    for (const char* words : {quirk.name, quirk.drivers, quirk.effect, quirk.remedy})
      EXPECT_GE(std::string_view(words).size(), 8u) << quirk.name;
}

TEST(Quirks, OnlyTakeAway) {
  const DeviceCaps full = caps_on({});
  for (const Quirk& quirk : quirks()) {
    DeviceCaps caps = full;
    quirk.amend(caps);
    DeviceCaps both = poorer(full, caps);
    EXPECT_EQ(both.fast_broadcast, caps.fast_broadcast) << quirk.name;
    EXPECT_EQ(both.subgroup_arithmetic, caps.subgroup_arithmetic) << quirk.name;
    EXPECT_EQ(both.max_workgroup_invocations, caps.max_workgroup_invocations) << quirk.name;
  }
}

}  // namespace
}  // namespace lemnos::vulkan::testing
