// Finding devices: no loader, the list, and every word that names one.
#include <algorithm>

#include "support.h"
#include "vulkan/caps.h"
#include "vulkan/choice.h"

namespace lemnos::vulkan::testing {
namespace {

class Device : public VulkanTest {};

DeviceInfo fake(const char* name, DeviceType type, uint8_t id, const char* pci = "") {
  DeviceInfo info;
  info.name = name;
  info.type = type;
  info.uuid[0] = 0xa0;
  info.uuid[15] = id;
  info.pci = pci;
  info.memory_bytes = uint64_t{1} << 30;
  return info;
}

std::vector<DeviceInfo> four_devices() {
  std::vector<DeviceInfo> list = {
      fake("llvmpipe", DeviceType::software, 1), fake("Radeon 780M", DeviceType::integrated, 2, "0000:c4:00.0"),
      fake("Radeon RX 7900", DeviceType::discrete, 3, "0000:03:00.0"), fake("Venus", DeviceType::virtual_gpu, 4)};
  list[1].luid_valid = true;
  list[1].luid = {0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77};
  return list;
}

TEST_F(Device, WithoutALoaderThereIsNoDevice) {
  const ScopedVariable library("LEMNOS_VULKAN_LIBRARY", "/nonexistent/libvulkan.so");
  const Error error = error_of([] { open_device(); });
  EXPECT_EQ(error.code(), ErrorCode::no_device);
  EXPECT_TRUE(std::string(error.what()).starts_with("no Vulkan device")) << error.what();
  EXPECT_NE(std::string(error.what()).find("/nonexistent/libvulkan.so"), std::string::npos) << error.what();
  EXPECT_TRUE(list_devices().empty());
}

TEST_F(Device, ALibraryThatIsNotALoaderGivesNoDevice) {
  const ScopedVariable library("LEMNOS_VULKAN_LIBRARY", "libm.so.6");
  EXPECT_EQ(error_of([] { Loader::open(); }).code(), ErrorCode::no_device);
}

TEST_F(Device, ListIsFilledFromTheDriver) {
  const std::vector<DeviceInfo> devices = list_devices();
  ASSERT_FALSE(devices.empty());
  for (const DeviceInfo& d : devices) {
    SCOPED_TRACE(d.name);
    EXPECT_FALSE(d.name.empty());
    EXPECT_FALSE(d.driver.empty());
    EXPECT_FALSE(d.driver_version.empty());
    EXPECT_TRUE(d.api_version.starts_with("1."));
    EXPECT_NE(d.vendor_id, 0u);
    EXPECT_GT(d.memory_bytes, 0u);
    EXPECT_EQ(d.usable, d.refusal.empty());
    // What Vulkan 1.2 guarantees to every device.
    EXPECT_GE(d.caps.max_workgroup_invocations, 128u);
    EXPECT_GE(d.caps.max_shared_memory, 16384u);
    EXPECT_GE(d.caps.max_push_constants, 128u);
    EXPECT_GE(d.caps.max_storage_range, uint64_t{1} << 27);
    EXPECT_GE(d.caps.max_workgroup_count, 65535u);
    EXPECT_LE(d.caps.min_storage_offset_alignment, 256u);
    EXPECT_GE(d.caps.max_subgroup_size, d.caps.min_subgroup_size);
  }
}

TEST_F(Device, EveryWordNamesItsDevice) {
  const std::vector<DeviceInfo> list = four_devices();
  EXPECT_EQ(choose_device(list, ""), 2u);
  EXPECT_EQ(choose_device(list, "best"), 2u);
  EXPECT_EQ(choose_device(list, "llvmpipe"), 0u);
  EXPECT_EQ(choose_device(list, "rx 79"), 2u);
  EXPECT_EQ(choose_device(list, "uuid:a0000000-0000-0000-0000-000000000002"), 1u);
  EXPECT_EQ(choose_device(list, "A0000000000000000000000000000004"), 3u);
  EXPECT_EQ(choose_device(list, "luid:0011223344556677"), 1u);
  EXPECT_EQ(choose_device(list, "pci:0000:C4:00.0"), 1u);
  EXPECT_EQ(choose_device(list, "index:3"), 3u);
}

TEST_F(Device, BestPrefersAUsableDeviceAndMoreMemory) {
  std::vector<DeviceInfo> list = four_devices();
  list[2].usable = false;
  list[2].refusal = "it has Vulkan 1.1.0, and 1.2 is needed";
  EXPECT_EQ(choose_device(list, "best"), 1u);
  const Error error = error_of([&] { choose_device(list, "index:2"); });
  EXPECT_EQ(error.code(), ErrorCode::no_device);
  EXPECT_NE(std::string(error.what()).find("1.1.0"), std::string::npos) << error.what();
  list.push_back(fake("Radeon 890M", DeviceType::integrated, 5));
  list.back().memory_bytes *= 2;
  EXPECT_EQ(choose_device(list, "best"), 4u);
}

TEST_F(Device, UnknownAndAmbiguousWordsListTheDevices) {
  const std::vector<DeviceInfo> list = four_devices();
  const Error unknown = error_of([&] { choose_device(list, "GeForce"); });
  EXPECT_EQ(unknown.code(), ErrorCode::not_found);
  const Error ambiguous = error_of([&] { choose_device(list, "Radeon"); });
  EXPECT_EQ(ambiguous.code(), ErrorCode::invalid_argument);
  for (const DeviceInfo& d : list) {
    EXPECT_NE(std::string(unknown.what()).find(d.name), std::string::npos) << unknown.what();
    EXPECT_NE(std::string(ambiguous.what()).find(d.name), std::string::npos) << ambiguous.what();
  }
  EXPECT_EQ(error_of([&] { choose_device(list, "index:4"); }).code(), ErrorCode::not_found);
  EXPECT_EQ(error_of([&] { choose_device(list, "index:one"); }).code(), ErrorCode::invalid_argument);
  EXPECT_EQ(error_of([&] { choose_device(list, "luid:ff"); }).code(), ErrorCode::not_found);
  EXPECT_EQ(error_of([&] { choose_device({}, "best"); }).code(), ErrorCode::no_device);
}

TEST_F(Device, TheRealDeviceIsFoundByNameUuidAndPci) {
  const std::vector<DeviceInfo> devices = list_devices();
  for (size_t i = 0; i < devices.size(); ++i) {
    if (!devices[i].usable) continue;
    EXPECT_EQ(open({.selector = "uuid:" + uuid_string(devices[i].uuid)})->info().uuid, devices[i].uuid);
    EXPECT_EQ(open({.selector = "index:" + std::to_string(i)})->info().name, devices[i].name);
    if (!devices[i].pci.empty()) {
      EXPECT_EQ(open({.selector = "pci:" + devices[i].pci})->info().pci, devices[i].pci);
    }
    const auto same_name = [&](const DeviceInfo& d) { return d.name == devices[i].name; };
    if (std::ranges::count_if(devices, same_name) == 1) {
      EXPECT_EQ(open({.selector = devices[i].name})->info().uuid, devices[i].uuid);
    }
  }
}

TEST_F(Device, TheEnvironmentReplacesBestAndOnlyBest) {
  const ScopedVariable device("LEMNOS_DEVICE", "no such device");
  EXPECT_EQ(error_of([&] { open({.selector = "best"}); }).code(), ErrorCode::not_found);
  EXPECT_NE(open({.selector = "index:0"}), nullptr);
}

TEST_F(Device, ASoftwareDeviceIsUsedWithAWarning) {
  const std::shared_ptr<Context> context = open();
  const bool warned = std::ranges::any_of(
      logged_, [](const std::string& line) { return line.find("software driver") != std::string::npos; });
  EXPECT_EQ(warned, context->info().type == DeviceType::software);
}

TEST_F(Device, TheDefaultLoggerGetsThatWarningOnce) {
  ::testing::internal::CaptureStderr();
  const std::shared_ptr<Context> first = open_device({.cache_folder = ""}), second = open_device({.cache_folder = ""});
  const std::string said = ::testing::internal::GetCapturedStderr();
  const size_t at = said.find("software driver");
  EXPECT_EQ(at != std::string::npos, first->info().type == DeviceType::software) << said;
  EXPECT_EQ(said.rfind("software driver"), at) << said;
}

TEST_F(Device, ReducedCapsAreTheMinimumOfBoth) {
  const std::shared_ptr<Context> context = open();
  const DeviceCaps before = context->caps();
  DeviceCaps limits = before;
  limits.fp16 = false;
  limits.max_shared_memory = 16384;
  limits.max_storage_range = before.max_storage_range * 2;
  limits.memory_limit = 12345;
  context->clamp_caps(limits);
  EXPECT_FALSE(context->caps().fp16);
  EXPECT_EQ(context->caps().max_shared_memory, 16384u);
  EXPECT_EQ(context->caps().max_storage_range, before.max_storage_range);
  EXPECT_EQ(context->caps().memory_limit, 12345u);
  const DeviceCaps least = poorer(before, DeviceCaps::portable());
  EXPECT_FALSE(least.subgroup_arithmetic || least.fp16 || least.cooperative_matrix || least.buffer_device_address);
  EXPECT_EQ(least.max_workgroup_invocations, 128u);
}

}  // namespace
}  // namespace lemnos::vulkan::testing
