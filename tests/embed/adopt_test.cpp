// Adopting through the public header: what is required, what is refused, two contexts, one queue in two threads, and
// the op suite's fast tier on a device with nothing but what is required.
#include <atomic>
#include <cstdio>
#include <thread>

#include "all_cases.h"
#include "app_device.h"
#include "check/runner.h"
#include "tests/tier.h"
#include "training.h"

namespace lemnos::embed_tests {
namespace {

class Adopt : public EmbedTest {};

TEST_F(Adopt, NothingButTheRequiredFeaturesIsUsed) {
  const Device device = app().adopt();
  EXPECT_FALSE(device.info().caps.fp16);
  EXPECT_FALSE(device.info().caps.storage16);
  EXPECT_FALSE(device.info().caps.buffer_device_address);
  Training training(device);
  const float before = (void(training.program->run(1)), training.loss_now());
  ASSERT_EQ(training.program->run(100), Status::ok);
  EXPECT_LT(training.loss_now(), .5f * before);
}

TEST_F(Adopt, AChainOfTheApplicationsOwnIsExtended) {
  AppDevice theirs(AppDevice::Chain::theirs);
  Training training(theirs.adopt());
  EXPECT_EQ(training.program->run(1), Status::ok);
  EXPECT_EQ(training.program->wait(), Status::ok);
}

TEST_F(Adopt, WhatAChainLacksIsNamed) {
  const VulkanRequirements needs = required_vulkan(
      app().instance, app().physical, app().description().get_instance_proc_addr, VK_API_VERSION_1_2, false);
  VkPhysicalDeviceFeatures2 bare{.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2};
  EXPECT_EQ(needs.enable_in(bare), (std::vector<std::string>{"timelineSemaphore", "synchronization2"}));
  const VulkanRequirements old = required_vulkan(app().instance, app().physical,
                                                 app().description().get_instance_proc_addr, VK_API_VERSION_1_1, false);
  EXPECT_EQ(old.refusal(), "Vulkan 1.1, and 1.2 is needed");
}

TEST_F(Adopt, OptionalFeaturesComeWhenAskedFor) {
  const VulkanRequirements all = required_vulkan(app().instance, app().physical,
                                                 app().description().get_instance_proc_addr, VK_API_VERSION_1_2, true);
  EXPECT_GE(all.extensions().size(), 1u);
  EXPECT_NE(all.features(), nullptr);
}

TEST_F(Adopt, MistakesAreNamed) {
  VulkanDevice wrong = app().description();
  wrong.device = VK_NULL_HANDLE;
  EXPECT_STREQ(error_of([&] { adopt(wrong); }).what(), "adopt: no device was given");
  wrong = app().description();
  wrong.enabled_features = nullptr;
  EXPECT_EQ(error_of([&] { adopt(wrong); }).code(), ErrorCode::unsupported);
  wrong = app().description();
  wrong.compute_queue = {.family = 99};
  EXPECT_EQ(error_of([&] { adopt(wrong); }).code(), ErrorCode::out_of_range);
  wrong = app().description();
  wrong.unlock_queue = nullptr;
  EXPECT_EQ(error_of([&] { adopt(wrong); }).code(), ErrorCode::invalid_argument);
}

TEST_F(Adopt, ImportMistakesAreNamed) {
  const Device device = app().adopt();
  const VkBuffer theirs = app().buffer(4096);
  Graph graph;
  const Value x = graph.input("x", {{256}, DType::f32});
  const Value w = graph.parameter("w", {256}, std::vector<float>(256, 1));
  const auto session = device.open(graph);
  const auto message = [&](Value value, VulkanBuffer buffer) {
    return std::string(error_of([&] { import_buffer(*session, value, buffer); }).what());
  };
  EXPECT_EQ(message(x, {theirs, 0, 512}), "bind: 'x' takes 1024 bytes, the buffer has 512");
  EXPECT_NE(message(x, {theirs, 4, 1024}).find("begins at byte 4, which is not a multiple of"), std::string::npos);
  EXPECT_NE(message(x, {VK_NULL_HANDLE, 0, 1024}).find("no buffer"), std::string::npos);
  EXPECT_NE(message(w, {theirs, 0, 1024}).find("flat arenas"), std::string::npos);
  session->write(x, std::vector<float>(256, 0));
  EXPECT_NE(message(x, {theirs, 0, 1024}).find("has memory already"), std::string::npos);
}

TEST_F(Adopt, TheCpuHasNothingToShare) {
  Training training(Device::cpu());
  EXPECT_EQ(error_of([&] { VulkanRunner runner(*training.program); }).code(), ErrorCode::unsupported);
  const Error error = error_of([&] { export_buffer(*training.session, training.x); });
  EXPECT_EQ(error.code(), ErrorCode::unsupported);
  EXPECT_STREQ(error.what(), "export_buffer: the session is on 'cpu', which is not a Vulkan device");
}

TEST_F(Adopt, TheMemoryBudgetIsKept) {
  VulkanDevice small = app().description();
  small.memory_budget = 256 << 10;
  const Device device = adopt(small);
  Training fits(device);
  EXPECT_EQ(fits.program->run(1), Status::ok);
  EXPECT_EQ(error_of([&] { Training large(device, {.batch = 2048, .features = 64, .hidden = 64}); }).code(),
            ErrorCode::out_of_memory);
}

TEST_F(Adopt, TheApplicationSubmits) {
  VulkanDevice described = app().description();
  std::atomic<int> submits{0};
  described.submit = [&](const VulkanQueue& queue, const VkSubmitInfo2& info) {
    ++submits;
    return app().device_vk.vkQueueSubmit2(queue.handle, 1, &info, VK_NULL_HANDLE);
  };
  Training training(adopt(described));
  ASSERT_EQ(training.program->advance({.microseconds = 1e9, .steps = 2}), Status::ok);
  ASSERT_EQ(training.program->wait(), Status::ok);
  EXPECT_EQ(static_cast<uint64_t>(submits.load()), training.session->counters().submits);
}

TEST_F(Adopt, ThreeSessionsOfTwoContextsAndTheApplicationShareOneQueueInFourThreads) {
  const auto adopt_with_a_watch = [&] {
    VulkanDevice described = app().description();
    described.submit = [&](const VulkanQueue& queue, const VkSubmitInfo2& info) {
      EXPECT_EQ(app().queue_holder, std::this_thread::get_id()) << "the queue is used without its lock";
      return app().device_vk.vkQueueSubmit2(queue.handle, 1, &info, VK_NULL_HANDLE);
    };
    return adopt(described);
  };
  const Device first = adopt_with_a_watch(), second = adopt_with_a_watch();
  Training alone(first);
  ASSERT_EQ(alone.program->run(30), Status::ok);
  const std::vector<float> expected = alone.parameters();
  const auto train = [&](const Device& device) {
    Training training(device);
    Advanced now;
    while (now.total_steps < 30)
      if (training.program->advance({.microseconds = 3000, .steps = static_cast<uint32_t>(30 - now.total_steps)},
                                    &now) != Status::ok)
        break;
    EXPECT_EQ(training.parameters(), expected);
  };
  const VkBuffer mine = app().buffer(1024);
  std::vector<std::jthread> threads;
  for (const Device* device : {&first, &first, &second}) threads.emplace_back([&train, device] { train(*device); });
  for (int frame = 0; frame < 20; ++frame) {
    const VkCommandBuffer commands = app().begin();
    constexpr VulkanScope kWrites = {VK_PIPELINE_STAGE_2_ALL_TRANSFER_BIT, VK_ACCESS_2_TRANSFER_WRITE_BIT};
    app().barrier(commands, kWrites, kWrites);
    app().device_vk.vkCmdFillBuffer(commands, mine, 0, 1024, 5);
    app().end_and_submit(commands);
  }
  threads.clear();
}

// The ops suite is the judge of the ops; here every sixth run shows that an adopted device serves them all the same.
TEST_F(Adopt, TheSmokeTierOfEveryOpPasses) {
  const Device device = app().adopt();
  const std::vector<check::Case> cases = check::all_cases();
  size_t passed = 0, skipped = 0, number = 0;
  for (const check::Run& run : check::expand(cases, {.tier = check::Tier::smoke})) {
    if (number++ % 6 != 0 && !whole_tier()) continue;
    const check::Outcome outcome = check::run_on(run, device);
    passed += outcome.kind == check::Outcome::Kind::passed;
    skipped += outcome.kind == check::Outcome::Kind::skipped;
    EXPECT_NE(outcome.kind, check::Outcome::Kind::failed) << check::name_of(run) << ": " << outcome.message;
  }
  EXPECT_GT(passed, 4 * skipped) << passed << " passed, " << skipped << " skipped";
  RecordProperty("passed", static_cast<int>(passed));
  std::printf("%zu passed, %zu skipped\n", passed, skipped);
}

}  // namespace
}  // namespace lemnos::embed_tests
