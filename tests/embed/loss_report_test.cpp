// What is said of a lost device: the last submissions by the names of their nodes, which of them ran to their end, what
// the driver says of it, and the checkpoint to go on from.
#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "api/op_library.h"
#include "app_device.h"
#include "faulty_driver.h"
#include "lemnos/train.h"
#include "runtime/backends.h"
#include "tests/io/io_test.h"
#include "training.h"

namespace lemnos::embed_tests {
namespace {

#ifdef VK_EXT_device_fault
VKAPI_ATTR VkResult VKAPI_CALL told_fault(VkDevice, VkDeviceFaultCountsEXT* counts, VkDeviceFaultInfoEXT* info) {
  counts->addressInfoCount = counts->vendorInfoCount = 1;
  if (!info) return VK_SUCCESS;
  std::strcpy(info->description, "page fault");
  info->pAddressInfos[0] = {.addressType = VK_DEVICE_FAULT_ADDRESS_TYPE_READ_INVALID_EXT,
                            .reportedAddress = 0xabc000,
                            .addressPrecision = 4096};
  std::strcpy(info->pVendorInfos[0].description, "shader engine 2");
  info->pVendorInfos[0].vendorFaultCode = 17;
  return VK_SUCCESS;
}
#endif

class LossReports : public testing::Test {
 protected:
  static void SetUpTestSuite() { FaultyDriver::get().open(); }
  static void TearDownTestSuite() { FaultyDriver::get().close(); }
  void SetUp() override { ::setenv("LEMNOS_SELF_TEST", "off", 1); }
  void TearDown() override {
    driver().disarm();
    ::unsetenv("LEMNOS_SELF_TEST");
  }
  static FaultyDriver& driver() { return FaultyDriver::get(); }
  Device open() {
    const auto context = driver().adopt([](DeviceCaps&) {},
                                        [this](LogLevel, std::string_view line) { heard_ += std::string(line) + "\n"; },
                                        [](vulkan::AdoptInfo& info) {
                                          info.adjust_table = [adjust = info.adjust_table](vulkan::DeviceTable& table) {
                                            adjust(table);
#ifdef VK_EXT_device_fault
                                            table.vkGetDeviceFaultInfoEXT = told_fault;
#endif
                                          };
                                        });
    return Device(make_vulkan_backend(context, op_library()));
  }
  static bool has(const std::string& in, const std::string& wanted) { return in.find(wanted) != std::string::npos; }

  std::string heard_;
};

TEST_F(LossReports, NameTheLastSubmissionsAndWhatTheDriverSays) {
  driver().disarm();
  {
    const Device device = open();
    EXPECT_EQ(device.loss_report(), "");
    Training training(device);
    ASSERT_EQ(training.program->run(20), Status::ok);
    ASSERT_EQ(training.program->wait(), Status::ok);
    driver().arm({"vkQueueSubmit2", VK_ERROR_DEVICE_LOST}, 1);
    EXPECT_EQ(training.program->run(2), Status::device_lost);
    const std::string report = device.loss_report();
    EXPECT_TRUE(has(heard_, report)) << heard_;
    EXPECT_TRUE(report.starts_with("the device is lost: VK_ERROR_DEVICE_LOST\n  submission ")) << report;
    EXPECT_TRUE(has(report, "f32[64, 32]")) << "the hidden layer's node: " << report;
    EXPECT_TRUE(has(report, "; it ran to its end\n")) << report;
    EXPECT_LE(std::ranges::count(report, '\n'), 12 + 3) << report;
    // The submission that was refused is the last of them.
    const size_t last = report.rfind("  submission ");
    EXPECT_TRUE(has(report.substr(last), "2 steps of ") && has(report.substr(last), "did not run to its end"))
        << report.substr(last);
#ifdef VK_EXT_device_fault
    EXPECT_TRUE(has(report, "\n  the driver: page fault")) << report;
    EXPECT_TRUE(has(report, "\n  the driver: invalid read at 0xabc000 (to within 4096 bytes)")) << report;
    EXPECT_TRUE(has(report, "\n  the driver: shader engine 2 (code 17, data 0)")) << report;
#endif
  }
  driver().disarm();
}

TEST_F(LossReports, NameTheLastCheckpoint) {
  driver().disarm();
  const io::test::TemporaryFolder folder;
  const data::Dataset data{.x = data::Array::floats({8, 4}, Training::inputs({.batch = 8, .features = 4})),
                           .y = data::Array::floats({8, 1}, std::vector<float>(8, .5f))};
  const auto lost_after = [&](const std::string& saved, bool fit) {
    std::string message;
    {
      Trainer trainer(open(), nn::sequential({nn::Linear{.out = 1}}), {.loss = loss::Mse{}});
      trainer.begin(data, 4);
      trainer.step(2);
      if (!saved.empty()) trainer.save(folder / saved);
      driver().arm({"vkQueueSubmit2", VK_ERROR_DEVICE_LOST}, 1);
      const Error error = error_of([&] {
        if (fit)
          trainer.fit(data, {.batch_size = 4, .verbosity = Verbosity::silent});
        else
          trainer.step();
      });
      EXPECT_EQ(error.code(), ErrorCode::device_lost);
      message = error.what();
    }
    driver().disarm();
    return message;
  };
  EXPECT_TRUE(has(lost_after("", false), "; nothing was saved"));
  const std::string stepped = lost_after("a.safetensors", false), fitted = lost_after("b.safetensors", true);
  EXPECT_TRUE(has(stepped, "; the last checkpoint is " + (folder / "a.safetensors").string())) << stepped;
  EXPECT_TRUE(has(fitted, "; the last checkpoint is " + (folder / "b.safetensors").string())) << fitted;
}

}  // namespace
}  // namespace lemnos::embed_tests
