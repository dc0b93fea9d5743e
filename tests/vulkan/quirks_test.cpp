// The table of quirks: who is meant, and that being meant only ever takes something away.
#include "vulkan/quirks.h"

#include <gtest/gtest.h>

#include "vulkan/caps.h"

namespace lemnos::vulkan::testing {
namespace {

DeviceCaps caps_on(const DriverIdentity& driver, uint32_t subgroup_size = 8) {
  DeviceCaps caps;
  caps.subgroup_size = subgroup_size;
  caps.subgroup_arithmetic = caps.fast_broadcast = caps.cooperative_matrix = true;
  caps.matrix_shapes = {{8, 8, 8, DType::f16, true}};
  apply_quirks(driver, caps);
  return caps;
}

TEST(Quirks, MeanTheirDriversAlone) {
  EXPECT_FALSE(caps_on({VK_DRIVER_ID_MESA_LLVMPIPE, "Mesa 22.3.6 (LLVM 15.0.6)"}).fast_broadcast);
  EXPECT_TRUE(caps_on({VK_DRIVER_ID_MESA_LLVMPIPE, "Mesa 25.0.7-2+deb13u1 (LLVM 19.1.7)"}).fast_broadcast);
  EXPECT_TRUE(caps_on({VK_DRIVER_ID_MESA_LLVMPIPE, "no version here"}).fast_broadcast);
  EXPECT_TRUE(caps_on({VK_DRIVER_ID_MESA_RADV, "Mesa 22.3.6"}).fast_broadcast);
}

TEST(Quirks, MeanTheSizeOfASubgroupThatCrashes) {
  const DriverIdentity llvmpipe{VK_DRIVER_ID_MESA_LLVMPIPE, "Mesa 26.1.6-1 (LLVM 21.1.8)"};
  EXPECT_TRUE(caps_on(llvmpipe, 8).cooperative_matrix);
  EXPECT_FALSE(caps_on(llvmpipe, 16).cooperative_matrix);
  EXPECT_TRUE(caps_on(llvmpipe, 16).matrix_shapes.empty());
  EXPECT_TRUE(caps_on({VK_DRIVER_ID_MESA_RADV, "Mesa 26.1.6"}, 64).cooperative_matrix);
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
    EXPECT_EQ(both.cooperative_matrix, caps.cooperative_matrix) << quirk.name;
    EXPECT_EQ(both.matrix_shapes, caps.matrix_shapes) << quirk.name;
    EXPECT_EQ(both.subgroup_arithmetic, caps.subgroup_arithmetic) << quirk.name;
    EXPECT_EQ(both.max_workgroup_invocations, caps.max_workgroup_invocations) << quirk.name;
  }
}

}  // namespace
}  // namespace lemnos::vulkan::testing
