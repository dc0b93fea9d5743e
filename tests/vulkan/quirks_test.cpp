// The table of quirks: who is meant, what LEMNOS_QUIRKS changes, and that being meant only ever takes something away.
#include "vulkan/quirks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "lemnos/error.h"
#include "vulkan/caps.h"

namespace lemnos::vulkan::testing {
namespace {

std::set<std::string> named(const DriverIdentity& driver, std::string_view words = "") {
  std::set<std::string> names;
  for (const Quirk* quirk : quirks_in_force(driver, words)) names.insert(quirk->name);
  return names;
}

struct Meant {
  const char* quirk;
  DriverIdentity driver;
  DriverIdentity not_meant;
};

const Meant kMeant[] = {
    {"slow-broadcast",
     {.id = VK_DRIVER_ID_MESA_LLVMPIPE, .info = "Mesa 22.3.6 (LLVM 15.0.6)"},
     {.id = VK_DRIVER_ID_MESA_LLVMPIPE, .info = "Mesa 25.0.7-2+deb13u1 (LLVM 19.1.7)"}},
    {"slow-broadcast",
     {.id = VK_DRIVER_ID_MESA_LLVMPIPE, .info = "Mesa 22.3.6"},
     {.id = VK_DRIVER_ID_MESA_LLVMPIPE, .info = "no version here"}},
    {"slow-broadcast",
     {.id = VK_DRIVER_ID_MESA_LLVMPIPE, .info = "Mesa 22.3.6"},
     {.id = VK_DRIVER_ID_MESA_RADV, .info = "Mesa 22.3.6"}},
    {"matrix-16-lanes",
     {.id = VK_DRIVER_ID_MESA_LLVMPIPE, .info = "Mesa 26.1.6-1 (LLVM 21.1.8)", .subgroup_size = 16},
     {.id = VK_DRIVER_ID_MESA_LLVMPIPE, .info = "Mesa 26.1.6-1 (LLVM 21.1.8)", .subgroup_size = 8}},
    {"amd-matrix-query",
     {.id = VK_DRIVER_ID_AMD_PROPRIETARY, .info = "26.3.1 (LLPC)", .vendor_id = 0x1002, .integrated = true},
     {.id = VK_DRIVER_ID_AMD_PROPRIETARY, .info = "26.3.1 (LLPC)", .vendor_id = 0x1002}},
    {"amd-emulated-matrix",
     {.id = VK_DRIVER_ID_AMD_PROPRIETARY, .vendor_id = 0x1002, .device_id = 0x73df},
     {.id = VK_DRIVER_ID_AMD_PROPRIETARY, .vendor_id = 0x1002, .device_id = 0x744c}},  // Navi 31
    {"amd-int8",
     {.id = VK_DRIVER_ID_AMD_PROPRIETARY, .vendor_id = 0x1002, .device = "AMD Radeon RX 6800 XT"},
     {.id = VK_DRIVER_ID_MESA_RADV, .vendor_id = 0x1002, .device = "AMD Radeon RX 6800 XT (RADV NAVI21)"}},
    {"xe3-matrix",
     {.id = VK_DRIVER_ID_INTEL_OPEN_SOURCE_MESA, .info = "Mesa 26.1.4", .vendor_id = 0x8086, .device_id = 0xb080},
     {.id = VK_DRIVER_ID_INTEL_OPEN_SOURCE_MESA, .info = "Mesa 26.2.0", .vendor_id = 0x8086, .device_id = 0xb080}},
    {"xe3-matrix",
     {.id = VK_DRIVER_ID_INTEL_OPEN_SOURCE_MESA, .info = "Mesa 26.1.4", .vendor_id = 0x8086, .device_id = 0xfd81},
     {.id = VK_DRIVER_ID_INTEL_OPEN_SOURCE_MESA, .info = "Mesa 26.1.4", .vendor_id = 0x8086, .device_id = 0x56a0}},
    {"xe3-timestamps",
     {.id = VK_DRIVER_ID_INTEL_OPEN_SOURCE_MESA, .info = "Mesa 26.1.4", .vendor_id = 0x8086, .device_id = 0xb0a0},
     {.id = VK_DRIVER_ID_INTEL_PROPRIETARY_WINDOWS, .info = "32.0.101", .vendor_id = 0x8086, .device_id = 0xb0a0}},
    {"adreno-702",
     {.id = VK_DRIVER_ID_MESA_TURNIP, .info = "Mesa 26.0.0", .device = "Turnip Adreno (TM) 702"},
     {.id = VK_DRIVER_ID_MESA_TURNIP, .info = "Mesa 26.0.0", .device = "Turnip Adreno (TM) 740"}},
    {"imagination", {.id = VK_DRIVER_ID_IMAGINATION_PROPRIETARY}, {.id = VK_DRIVER_ID_IMAGINATION_OPEN_SOURCE_MESA}},
    {"mali-16-bit",
     {.id = VK_DRIVER_ID_ARM_PROPRIETARY, .device = "Mali-G76"},
     {.id = VK_DRIVER_ID_ARM_PROPRIETARY, .device = "Mali-G715"}},
    {"moltenvk-amd-shuffle",
     {.id = VK_DRIVER_ID_MOLTENVK, .vendor_id = 0x1002},
     {.id = VK_DRIVER_ID_MOLTENVK, .vendor_id = 0x106b}},
};

TEST(Quirks, ApplyOnlyToTheirDrivers) {
  std::set<std::string> shown;
  for (const Meant& m : kMeant) {
    EXPECT_TRUE(named(m.driver).contains(m.quirk)) << m.quirk;
    EXPECT_FALSE(named(m.not_meant).contains(m.quirk)) << m.quirk;
    shown.insert(m.quirk);
  }
  for (const Quirk& quirk : quirks())
    EXPECT_TRUE(shown.contains(quirk.name) || std::string_view(quirk.drivers).starts_with("by hand")) << quirk.name;
}

TEST(Quirks, SomeDriversAreNotAskedForTheMatrixUnit) {
  const auto asked = [](const DriverIdentity& driver, std::string_view words) {
    return std::ranges::none_of(quirks_in_force(driver, words), &Quirk::avoids_the_matrix_query);
  };
  const DriverIdentity amd{.id = VK_DRIVER_ID_AMD_PROPRIETARY, .integrated = true},
      nvidia{.id = VK_DRIVER_ID_NVIDIA_PROPRIETARY};
  EXPECT_FALSE(asked(amd, ""));
  EXPECT_TRUE(asked(amd, "-amd-matrix-query"));
  EXPECT_TRUE(asked(nvidia, ""));
  EXPECT_FALSE(asked(nvidia, "+matrix-query"));
}

TEST(Quirks, VersionsAreRead) {
  using Version = std::array<unsigned, 3>;
  EXPECT_EQ(DriverIdentity{.info = "Mesa 26.2.0-devel (git-0f2)"}.version(), (Version{26, 2, 0}));
  EXPECT_EQ(DriverIdentity{.info = "595.58.03"}.version(), (Version{595, 58, 3}));
  EXPECT_EQ(DriverIdentity{.info = "Mesa 25"}.version(), (Version{25, 0, 0}));
  EXPECT_EQ(DriverIdentity{.info = "none"}.version(), Version{});
  EXPECT_EQ(DriverIdentity{}.version(), Version{});
  EXPECT_TRUE((DriverIdentity{.info = "Mesa 26.1.9"}.is_mesa_before(26, 2)));
  EXPECT_FALSE((DriverIdentity{.info = "Mesa 26.2.0"}.is_mesa_before(26, 2)));
  EXPECT_FALSE((DriverIdentity{.info = "26.1.0"}.is_mesa_before(26, 2)));
}

TEST(Quirks, TheEnvironmentChangesThem) {
  const DriverIdentity xe3 = {
      .id = VK_DRIVER_ID_INTEL_OPEN_SOURCE_MESA, .info = "Mesa 26.1.4", .vendor_id = 0x8086, .device_id = 0xb080};
  using Names = std::set<std::string>;
  EXPECT_EQ(named(xe3), (Names{"xe3-matrix", "xe3-timestamps"}));
  EXPECT_EQ(named(xe3, "off"), Names{});
  EXPECT_EQ(named(xe3, "-xe3-matrix"), Names{"xe3-timestamps"});
  EXPECT_EQ(named(xe3, " off, +imagination  +xe3-matrix"), (Names{"imagination", "xe3-matrix"}));
  EXPECT_EQ(quirks_in_force(xe3, "+xe3-matrix").size(), 2u) << "in force once";
  const auto message = [&](std::string_view words) {
    try {
      (void)quirks_in_force(xe3, words);
    } catch (const Error& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  EXPECT_EQ(message("xe3-matrix"), "LEMNOS_QUIRKS: 'xe3-matrix' is neither off nor a name with + or - before it");
  EXPECT_TRUE(message("-xe4").starts_with("LEMNOS_QUIRKS: no quirk 'xe4'; there are slow-broadcast, "));
  EXPECT_TRUE(message("+").starts_with("LEMNOS_QUIRKS: no quirk ''"));
}

TEST(Quirks, NameDriversEffectAndRemedy) {
  for (const Quirk& quirk : quirks())
    for (const char* words : {quirk.drivers, quirk.effect, quirk.remedy})
      EXPECT_GE(std::string_view(words).size(), 8u) << quirk.name;
}

TEST(Quirks, OnlyRemoveCapabilities) {
  DeviceCaps full;
  full.subgroup_size = 32;
  full.subgroup_arithmetic = full.fast_broadcast = full.subgroup_size_control = full.cooperative_matrix = true;
  full.storage16 = full.int8 = true;
  full.timestamp_period = 1;
  full.matrix_shapes = {{8, 8, 8, DType::f16, true}};
  for (const Quirk& quirk : quirks()) {
    DeviceCaps caps = full;
    quirk.amend(caps);
    const DeviceCaps both = poorer(full, caps);
    for (auto flag : {&DeviceCaps::fast_broadcast, &DeviceCaps::cooperative_matrix, &DeviceCaps::subgroup_arithmetic,
                      &DeviceCaps::subgroup_size_control, &DeviceCaps::storage16, &DeviceCaps::int8})
      EXPECT_EQ(both.*flag, caps.*flag) << quirk.name;
    EXPECT_EQ(both.matrix_shapes, caps.matrix_shapes) << quirk.name;
    EXPECT_EQ(both.timestamp_period, caps.timestamp_period) << quirk.name;
    EXPECT_EQ(both.longest_submission_ms, caps.longest_submission_ms) << quirk.name;
    const bool same = caps.matrix_shapes == full.matrix_shapes && caps.fast_broadcast && caps.subgroup_arithmetic &&
                      caps.subgroup_size_control && caps.storage16 && caps.int8 && caps.timestamp_period == 1 &&
                      caps.longest_submission_ms == full.longest_submission_ms;
    EXPECT_FALSE(same) << quirk.name << " changes nothing";
  }
}

}  // namespace
}  // namespace lemnos::vulkan::testing
