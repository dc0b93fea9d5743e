// A device whose driver ends submissions of more than two seconds, by a simulated clock: each launch takes a time for
// each of its workgroups, timestamps tell that time, and a submission that is too long loses the device.
#include <algorithm>
#include <cstdlib>
#include <limits>
#include <map>

#include "app_device.h"
#include "ops/rewrites.h"
#include "runtime/backends.h"
#include "shaders/kernels.h"
#include "training.h"
#include "vulkan/owned_device.h"

namespace lemnos::embed_tests {
namespace {

constexpr double kPatience = 2e6;  // microseconds after which the driver resets
constexpr double kPerGroup = .25;  // microseconds of a workgroup where the device is as fast as guessed
constexpr double kInfinite = std::numeric_limits<double>::infinity();

class Driver {
 public:
  static Driver& get() {
    static Driver driver;
    return driver;
  }

  void adjust(vulkan::DeviceTable& table) {
    real_ = table;
    table.vkBeginCommandBuffer = [](VkCommandBuffer commands, const VkCommandBufferBeginInfo* info) {
      const std::lock_guard lock(get().mutex_);
      get().recorded_[commands].clear();
      return get().real_.vkBeginCommandBuffer(commands, info);
    };
    table.vkCmdDispatch = [](VkCommandBuffer commands, uint32_t x, uint32_t y, uint32_t z) {
      get().launch(commands, static_cast<double>(x) * y * z);
      get().real_.vkCmdDispatch(commands, x, y, z);
    };
    table.vkCmdDispatchBase = [](VkCommandBuffer commands, uint32_t bx, uint32_t by, uint32_t bz, uint32_t x,
                                 uint32_t y, uint32_t z) {
      get().launch(commands, static_cast<double>(x) * y * z);
      get().real_.vkCmdDispatchBase(commands, bx, by, bz, x, y, z);
    };
    table.vkCmdWriteTimestamp2 = [](VkCommandBuffer commands, VkPipelineStageFlags2 stage, VkQueryPool pool,
                                    uint32_t query) {
      {
        const std::lock_guard lock(get().mutex_);
        get().recorded_[commands].push_back({0, pool, query});
      }
      get().real_.vkCmdWriteTimestamp2(commands, stage, pool, query);
    };
    table.vkQueueSubmit2 = [](VkQueue queue, uint32_t count, const VkSubmitInfo2* infos, VkFence fence) {
      const VkResult result = get().run(std::span(infos, count));
      return result == VK_SUCCESS ? get().real_.vkQueueSubmit2(queue, count, infos, fence) : result;
    };
    table.vkGetQueryPoolResults = [](VkDevice, VkQueryPool pool, uint32_t first, uint32_t count, size_t, void* data,
                                     VkDeviceSize, VkQueryResultFlags) {
      const std::lock_guard lock(get().mutex_);
      for (uint32_t i = 0; i < count; ++i)
        static_cast<uint64_t*>(data)[i] =
            static_cast<uint64_t>(get().ticks_[{pool, first + i}] * get().ticks_a_microsecond);
      return VK_SUCCESS;
    };
  }

  double slowness = 1, ticks_a_microsecond = 1000;
  double longest = 0;  // microseconds of a submission since somebody set it to 0
  bool lost = false;

 private:
  struct Event {
    double groups = 0;
    VkQueryPool pool = VK_NULL_HANDLE;  // a timestamp
    uint32_t query = 0;
  };

  void launch(VkCommandBuffer commands, double groups) {
    const std::lock_guard lock(mutex_);
    recorded_[commands].push_back({groups});
  }
  VkResult run(std::span<const VkSubmitInfo2> infos) {
    const std::lock_guard lock(mutex_);
    if (lost) return VK_ERROR_DEVICE_LOST;
    for (const VkSubmitInfo2& info : infos) {
      const double begin = now_;
      for (const VkCommandBufferSubmitInfo& c : std::span(info.pCommandBufferInfos, info.commandBufferInfoCount))
        for (const Event& event : recorded_[c.commandBuffer]) {
          now_ += slowness * kPerGroup * event.groups;
          if (event.pool) ticks_[{event.pool, event.query}] = now_;
        }
      longest = std::max(longest, now_ - begin);
      lost = lost || now_ - begin > kPatience;
    }
    return lost ? VK_ERROR_DEVICE_LOST : VK_SUCCESS;
  }

  vulkan::DeviceTable real_;
  std::mutex mutex_;
  std::map<VkCommandBuffer, std::vector<Event>> recorded_;
  std::map<std::pair<VkQueryPool, uint32_t>, double> ticks_;
  double now_ = 1;
};

class Watchdog : public EmbedTest {
 protected:
  Device watched(double longest_submission_ms) {
    const auto context =
        vulkan::open_device({.longest_submission_ms = longest_submission_ms,
                             .adjust_table = [](vulkan::DeviceTable& table) { Driver::get().adjust(table); }});
    driver().lost = false;
    if (context->caps().timestamp_period > 0) driver().ticks_a_microsecond = 1000 / context->caps().timestamp_period;
    return Device(make_vulkan_backend(context, {.find_kernel = find_kernel, .rewrites = rewrites()}));
  }
  static Driver& driver() { return Driver::get(); }
};

constexpr uint32_t kSteps = 12;
constexpr Size kSizes[] = {{64, 16, 32}, {256, 16, 64}, {1000, 32, 128}, {4096, 16, 32}, {16384, 8, 16}};

TEST_F(Watchdog, EveryTrainingFinishesWithTheSameBits) {
  std::vector<std::vector<float>> expected;
  for (const Size& size : kSizes) {
    Training training(app().adopted(), size);
    ASSERT_EQ(training.program->run(kSteps), Status::ok);
    expected.push_back(training.parameters());
  }
  const Device device = watched(250);
  int finished = 0;
  double longest_first = 0, longest_later = 0;
  for (const double slowness : {1.0, 30.0, 300.0, 1000.0})
    for (size_t round = 0; round < 5; ++round)
      for (size_t i = 0; i < std::size(kSizes); ++i) {
        driver().slowness = slowness * (1 + static_cast<double>(round) / 7);
        if (slowness == 1000) driver().slowness = 1000;
        Training training(device, kSizes[i]);
        driver().longest = 0;
        for (int turn = 0; turn < 2; ++turn) {  // the second time it is cut anew, where it has to be
          ASSERT_EQ(training.program->run(2), Status::ok) << "size " << i << " slowness " << driver().slowness;
          ASSERT_EQ(training.program->wait(), Status::ok);
        }
        longest_first = std::max(longest_first, driver().longest);
        driver().longest = 0;
        ASSERT_EQ(training.program->run(kSteps - 4), Status::ok) << "size " << i << " slowness " << driver().slowness;
        ASSERT_EQ(training.program->wait(), Status::ok);
        longest_later = std::max(longest_later, driver().longest);
        ASSERT_EQ(training.parameters(), expected[i]) << "size " << i << " slowness " << driver().slowness;
        ++finished;
      }
  EXPECT_EQ(finished, 100);
  EXPECT_LT(longest_first, kPatience);
  EXPECT_LE(longest_later, 250e3 * 1.001) << "once a step was measured the bound holds";
  const double told = Training(device).session->counters().longest_submission_ms;
  EXPECT_GT(told, 100);
  EXPECT_LE(told, kPatience / 1000);
}

// Two million parameters: one launch of the optimizer takes half a second where the device is so slow.
TEST_F(Watchdog, ALongUpdateIsCutToo) {
  constexpr Size kWide{8, 2048, 1024};
  Training reference(app().adopted(), kWide);
  ASSERT_EQ(reference.program->run(6), Status::ok);
  const Device device = watched(250);
  driver().slowness = 1000;
  Training training(device, kWide);
  for (int turn = 0; turn < 2; ++turn) {  // the second time it is cut anew
    ASSERT_EQ(training.program->run(2), Status::ok);
    ASSERT_EQ(training.program->wait(), Status::ok);
  }
  driver().longest = 0;
  ASSERT_EQ(training.program->run(2), Status::ok);
  ASSERT_EQ(training.program->wait(), Status::ok);
  EXPECT_LE(driver().longest, 250e3 * 1.001);
  EXPECT_EQ(training.parameters(), reference.parameters());
}

TEST_F(Watchdog, AProfileIsBoundedToo) {
  const Device device = watched(250);
  driver().slowness = 1000;
  Training training(device, kSizes[4]);
  driver().longest = 0;
  const Profile profile = training.program->profile(2);
  EXPECT_EQ(profile.launches.size(), training.program->summary().dispatches);
  double longest = 0;
  for (const LaunchProfile& launch : profile.launches) longest = std::max(longest, launch.microseconds());
  EXPECT_GT(longest, 250e3) << "or nothing had to be cut";
  EXPECT_LT(driver().longest, kPatience);
}

TEST_F(Watchdog, WithoutABoundTheDeviceIsLost) {
  const Device device = watched(kInfinite);
  driver().slowness = 1000;
  Training training(device, kSizes[3]);
  Status status = Status::ok;
  for (int i = 0; i < 3 && status == Status::ok; ++i) status = training.program->run(64);
  EXPECT_EQ(status, Status::device_lost) << "or the driver of this test does not bite";
}

TEST_F(Watchdog, TheEnvironmentGivesTheBoundThatNoOptionGives) {
  const auto bound = [](const char* said, double option) {
    ::setenv("LEMNOS_SUBMISSION_MS", said, 1);
    const double found = vulkan::open_device({.longest_submission_ms = option})->caps().longest_submission_ms;
    ::unsetenv("LEMNOS_SUBMISSION_MS");
    return found;
  };
  EXPECT_EQ(bound("12.5", 0), 12.5);
  EXPECT_EQ(bound("1e2", 0), 100);
  EXPECT_EQ(bound("12.5", 30), 30);
  EXPECT_EQ(bound("inf", 0), kInfinite);
  for (const char* wrong : {"fast", "0", "-3", "12ms", "1,5", "nan"}) {
    EXPECT_EQ(error_of([&] { (void)bound(wrong, 0); }).code(), ErrorCode::invalid_argument) << wrong;
    ::unsetenv("LEMNOS_SUBMISSION_MS");
  }
}

TEST_F(Watchdog, ABoundThatIsNoneIsRefused) {
  EXPECT_EQ(error_of([&] { watched(-1); }).code(), ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace lemnos::embed_tests
