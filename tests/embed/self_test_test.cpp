// A driver that gets something wrong: it leaves out launches of some kernels, without an error. Lemnos finds out before
// it uses them, goes on without, and remembers.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>

#include "api/op_library.h"
#include "app_device.h"
#include "lemnos/ops.h"
#include "runtime/backends.h"
#include "tests/error_of.h"
#include "tests/io/io_test.h"
#include "vulkan/owned_device.h"
#include "vulkan/self_test_file.h"

namespace lemnos::embed_tests {
namespace {

constexpr uint32_t kShader = 1;  // which every module declares
constexpr uint32_t kSubgroupArithmetic = 63, kStorage16 = 4433;

// Which modules declare a capability, and so which pipelines have it; launches of those are not handed on.
class WrongDriver {
 public:
  static WrongDriver& get() {
    static WrongDriver driver;
    return driver;
  }

  void adjust(vulkan::DeviceTable& table) {
    real_ = table;
    table.vkCreateShaderModule = [](VkDevice device, const VkShaderModuleCreateInfo* info,
                                    const VkAllocationCallbacks* callbacks, VkShaderModule* module) {
      const VkResult result = get().real_.vkCreateShaderModule(device, info, callbacks, module);
      const std::lock_guard lock(get().mutex_);
      // An OpCapability has two words: its own, and the capability.
      constexpr uint32_t kOpCapability = 2u << 16 | 17u;
      const std::span words(info->pCode, info->codeSize / 4);
      bool marked = false;
      for (size_t i = 5; i + 1 < words.size() && words[i] == kOpCapability; i += 2)
        marked = marked || words[i + 1] == get().capability;
      if (marked)
        get().modules_.insert(*module);
      else
        get().modules_.erase(*module);
      return result;
    };
    table.vkCreateComputePipelines = [](VkDevice device, VkPipelineCache cache, uint32_t count,
                                        const VkComputePipelineCreateInfo* infos,
                                        const VkAllocationCallbacks* callbacks, VkPipeline* pipelines) {
      const VkResult result = get().real_.vkCreateComputePipelines(device, cache, count, infos, callbacks, pipelines);
      const std::lock_guard lock(get().mutex_);
      for (uint32_t i = 0; i < count; ++i)
        if (get().modules_.contains(infos[i].stage.module))
          get().pipelines_.insert(pipelines[i]);
        else
          get().pipelines_.erase(pipelines[i]);
      return result;
    };
    table.vkCmdBindPipeline = [](VkCommandBuffer commands, VkPipelineBindPoint point, VkPipeline pipeline) {
      {
        const std::lock_guard lock(get().mutex_);
        get().bound_[commands] = get().pipelines_.contains(pipeline);
      }
      get().real_.vkCmdBindPipeline(commands, point, pipeline);
    };
    table.vkCmdDispatch = [](VkCommandBuffer commands, uint32_t x, uint32_t y, uint32_t z) {
      {
        const std::lock_guard lock(get().mutex_);
        if (get().bound_[commands]) {
          ++get().left_out;
          return;
        }
      }
      get().real_.vkCmdDispatch(commands, x, y, z);
    };
  }

  uint32_t capability = 0;  // 0: this driver is right
  int left_out = 0;         // launches

 private:
  vulkan::DeviceTable real_;
  std::mutex mutex_;
  std::set<VkShaderModule> modules_;
  std::set<VkPipeline> pipelines_;
  std::map<VkCommandBuffer, bool> bound_;
};

class SelfTests : public testing::Test {
 protected:
  void SetUp() override {
    if (const char* word = std::getenv("LEMNOS_CACHE_DIR")) before_ = word;
    ::unsetenv("LEMNOS_CACHE_DIR");
    WrongDriver::get().capability = 0;
    WrongDriver::get().left_out = 0;
  }
  void TearDown() override {
    if (!before_.empty()) ::setenv("LEMNOS_CACHE_DIR", before_.c_str(), 1);
    ::unsetenv("LEMNOS_SELF_TEST");
  }

  /// A device of the driver, which gets launches of kernels with this capability wrong.
  Device open(uint32_t wrong = 0, Determinism determinism = Determinism::device) {
    WrongDriver::get().capability = wrong;
    context_ =
        vulkan::open_device({.logger = [this](LogLevel, std::string_view line) { heard_ += std::string(line) + "\n"; },
                             .cache_folder = folder_.path().string(),
                             .determinism = determinism,
                             .adjust_table = [](vulkan::DeviceTable& table) { WrongDriver::get().adjust(table); }});
    return Device(make_vulkan_backend(context_, op_library()));
  }
  std::string file() const { return vulkan::self_test_path(folder_.path().string(), context_->info()); }
  std::vector<vulkan::SelfTestRecord> records() const { return vulkan::read_self_tests(file()); }

  static const SelfTest* find(const std::vector<SelfTest>& tests, const std::string& name) {
    const auto found = std::ranges::find(tests, name, &SelfTest::name);
    return found == tests.end() ? nullptr : &*found;
  }

  // Sums of rows, which reduce by subgroups where the device can.
  static void expect_right(const Device& device) {
    Graph graph;
    std::vector<float> values(40 * 300);
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 7);
    const Value y = sum(graph.constant({40, 300}, values), {1});
    EXPECT_EQ(eval(device, y), eval(Device::cpu(), y));
  }

  io::test::TemporaryFolder folder_;
  std::shared_ptr<vulkan::Context> context_;
  std::string heard_;
  std::string before_;
};

TEST_F(SelfTests, WhatIsRightIsUsedAndRemembered) {
  const Device device = open();
  const DeviceCaps caps = device.info().caps;
  const std::vector<SelfTest> tests = device.self_test();
  EXPECT_EQ(device.info().caps.subgroup_arithmetic, caps.subgroup_arithmetic);
  EXPECT_EQ(device.info().caps.storage16, caps.storage16);
  EXPECT_EQ(device.info().caps.matrix_shapes, caps.matrix_shapes);
  for (const SelfTest& t : tests) EXPECT_EQ(t.failure, "") << t.name;
  EXPECT_EQ(find(tests, "subgroup-reduce") != nullptr, caps.subgroup_arithmetic);
  EXPECT_EQ(find(tests, "16-bit-storage") != nullptr, caps.storage16);
  EXPECT_EQ(records().size(), tests.size());
  EXPECT_EQ(device.self_test().size(), tests.size()) << "each is done once";
  // Another process of this user asks the file alone.
  const Device again = open();
  const uint64_t before = context_->counters().submits;
  EXPECT_EQ(again.self_test().size(), tests.size());
  EXPECT_EQ(context_->counters().submits, before);
}

TEST_F(SelfTests, AWrongReductionIsNotUsed) {
  const Device device = open(kSubgroupArithmetic);
  if (!device.info().caps.subgroup_arithmetic) GTEST_SKIP() << "the device has no subgroup operations";
  expect_right(device);
  EXPECT_GT(WrongDriver::get().left_out, 0);
  EXPECT_FALSE(device.info().caps.subgroup_arithmetic);
  EXPECT_NE(heard_.find("the self-test subgroup-reduce failed (element 0 of f32[37] is "), heard_.npos) << heard_;
  const std::vector<SelfTest> tests = device.self_test();
  ASSERT_NE(find(tests, "subgroup-reduce"), nullptr);
  EXPECT_NE(find(tests, "subgroup-reduce")->failure, "");

  // The driver is remembered, though it is right now: its version says that it is the same.
  const Device again = open();
  expect_right(again);
  EXPECT_FALSE(again.info().caps.subgroup_arithmetic);
  // Other kernels are tried anew.
  for (vulkan::SelfTestRecord record : records()) {
    ++record.modules;
    EXPECT_EQ(vulkan::remember_self_test(file(), record), "");
  }
  const Device mended = open();
  expect_right(mended);
  EXPECT_TRUE(mended.info().caps.subgroup_arithmetic);
}

TEST_F(SelfTests, WrongHalvesArePacked) {
  const Device device = open(kStorage16);
  if (!device.info().caps.storage16) GTEST_SKIP() << "the device has no 16-bit elements in memory";
  Graph graph;
  const Value x = graph.constant({5}, std::vector<float>{1, -2, 3, .5f, 8});
  const Value y = cast(-cast(x, DType::f16), DType::f32);
  EXPECT_EQ(eval(device, y), (std::vector<float>{-1, 2, -3, -.5f, -8}));
  EXPECT_FALSE(device.info().caps.storage16);
}

TEST_F(SelfTests, ACrashIsRemembered) {
  (void)open().self_test();
  std::vector<vulkan::SelfTestRecord> known = records();
  const auto reduce = std::ranges::find(known, "subgroup-reduce", &vulkan::SelfTestRecord::name);
  if (reduce == known.end()) GTEST_SKIP() << "the device has no subgroup operations";
  reduce->state = vulkan::SelfTestRecord::State::running;
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ASSERT_GT(child, 0);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  reduce->process = static_cast<uint64_t>(child);
  ASSERT_EQ(vulkan::remember_self_test(file(), *reduce), "");
  const Device device = open();
  const std::vector<SelfTest> tests = device.self_test();
  EXPECT_FALSE(device.info().caps.subgroup_arithmetic);
  ASSERT_NE(find(tests, "subgroup-reduce"), nullptr);
  EXPECT_NE(find(tests, "subgroup-reduce")->failure.find("ended while it was tried; remove " + file()),
            std::string::npos);
  // A process that still runs has not crashed.
  reduce->process = vulkan::this_process();
  ASSERT_EQ(vulkan::remember_self_test(file(), *reduce), "");
  EXPECT_EQ(find(open().self_test(), "subgroup-reduce")->failure, "");
}

TEST_F(SelfTests, WrongRoundingIsNotForAllDevices) {
  const Device right = open(0, Determinism::across_devices);
  expect_right(right);
  ASSERT_NE(find(right.self_test(), "ieee-rounding"), nullptr);
  EXPECT_EQ(find(open().self_test(), "ieee-rounding"), nullptr) << "nobody asked for it";
  std::filesystem::remove(file());
  const Device device = open(kShader, Determinism::across_devices);
  for (int i = 0; i < 2; ++i) {
    const Error error = error_of([&] { expect_right(device); });
    EXPECT_EQ(error.code(), ErrorCode::unsupported);
    EXPECT_NE(std::string(error.what()).find(" has no Determinism::across_devices (element 0 of f32[4096] is "),
              std::string::npos)
        << error.what();
  }
}

TEST_F(SelfTests, CanBeLeftOut) {
  ::setenv("LEMNOS_SELF_TEST", "off", 1);
  const Device device = open();
  EXPECT_TRUE(device.self_test().empty());
  EXPECT_FALSE(std::filesystem::exists(file()));
}

}  // namespace
}  // namespace lemnos::embed_tests
