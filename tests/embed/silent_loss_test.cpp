// A driver that resets the device in the middle of a submission, leaves the rest undone, and signals its semaphores as
// if nothing had happened.
#include <cstdio>
#include <limits>

#include "app_device.h"
#include "ops/rewrites.h"
#include "runtime/backends.h"
#include "shaders/kernels.h"
#include "tests/tier.h"
#include "training.h"
#include "vulkan/owned_device.h"

namespace lemnos::embed_tests {
namespace {

class ForgetfulDriver {
 public:
  static ForgetfulDriver& get() {
    static ForgetfulDriver driver;
    return driver;
  }

  void adjust(vulkan::DeviceTable& table) {
    real_ = table.vkQueueSubmit2;
    table.vkQueueSubmit2 = [](VkQueue queue, uint32_t count, const VkSubmitInfo2* infos, VkFence fence) {
      return get().submit(queue, std::span(infos, count), fence);
    };
  }

  int number = 0;                              // of submissions with commands so far
  int lost = std::numeric_limits<int>::max();  // which one is not done to its end
  bool half = false;                           // whether its first command buffer is

 private:
  VkResult submit(VkQueue queue, std::span<const VkSubmitInfo2> infos, VkFence fence) {
    std::vector<VkSubmitInfo2> changed(infos.begin(), infos.end());
    for (VkSubmitInfo2& info : changed) {
      if (info.commandBufferInfoCount == 0 || number++ != lost) continue;
      info.commandBufferInfoCount = half ? 1 : 0;
    }
    return real_(queue, static_cast<uint32_t>(changed.size()), changed.data(), fence);
  }

  PFN_vkQueueSubmit2 real_ = nullptr;
};

class SilentLoss : public EmbedTest {
 protected:
  Device open() {
    const auto context =
        vulkan::open_device({.logger = [this](LogLevel, std::string_view line) { heard_ += std::string(line) + "\n"; },
                             .adjust_table = [](vulkan::DeviceTable& table) { ForgetfulDriver::get().adjust(table); }});
    return Device(make_vulkan_backend(context, {.find_kernel = find_kernel, .rewrites = rewrites()}));
  }
  static ForgetfulDriver& driver() { return ForgetfulDriver::get(); }

  std::string heard_;
};

// Every lost submission is reported: of memory setup, of the first steps or of later ones. In continuous integration
// each of the first eight, then every third: whole and half ones in turn.
TEST_F(SilentLoss, IsSeenWhereverItHappens) {
  const Size size{64, 16, 32};
  const auto train = [&](bool& seen) {
    try {
      const Device device = open();
      Training training(device, size);
      for (int turn = 0; turn < 3 && !seen; ++turn)
        seen = training.program->run(20) == Status::device_lost || training.program->wait() == Status::device_lost;
      if (!seen) (void)training.parameters();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::device_lost) << error.what();
      seen = true;
    }
  };
  driver().number = 0;
  driver().lost = std::numeric_limits<int>::max();
  bool seen = false;
  train(seen);
  ASSERT_FALSE(seen);
  const int submissions = driver().number;
  ASSERT_GT(submissions, 5);
  int asked = 0, caught = 0;
  for (int lost = 0; lost < submissions; lost += whole_tier() || lost < 8 ? 1 : 3) {
    ++asked;
    driver().number = 0;
    driver().lost = lost;
    driver().half = lost % 2 == 1;
    heard_.clear();
    seen = false;
    train(seen);
    if (driver().number <= lost) continue;  // fewer this time: how many steps go at once is measured
    EXPECT_TRUE(seen) << "submission " << lost << " of " << submissions;
    EXPECT_NE(heard_.find("completed without its last write"), std::string::npos) << heard_;
    caught += seen;
  }
  driver().lost = std::numeric_limits<int>::max();
  std::printf("of %d submissions %d were lost and %d seen\n", submissions, asked, caught);
  EXPECT_GT(caught, asked / 2);
}

}  // namespace
}  // namespace lemnos::embed_tests
