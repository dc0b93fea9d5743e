// Submission: values in order, replays, foreign semaphores, time-outs, timestamps, what a replay costs.
#include "support.h"

namespace lemnos::vulkan::testing {
namespace {

class Timelines : public VulkanTest {
 protected:
  void SetUp() override {
    context_ = open();
    timeline_ = std::make_shared<Timeline>(context_);
    pool_ = std::make_unique<CommandPool>(context_);
    staging_ = std::make_unique<Staging>(timeline_);
  }

  // y += x with x = 1, recorded once to be replayed; `y_` counts the runs.
  VkCommandBuffer counter_commands() {
    x_ = Buffer(context_, Memory::device, 256, "x");
    y_ = Buffer(context_, Memory::device, 256, "y");
    write_words(*staging_, x_, std::vector<uint32_t>(64, 1));
    write_words(*staging_, y_, std::vector<uint32_t>(64, 0));
    const Pipeline& pipeline = context_->pipeline(accumulate_desc());
    descriptors_ = std::make_unique<DescriptorPool>(context_, 1, 2);
    const BufferRange ranges[] = {x_.range(), y_.range()};
    Recorder recorder = Recorder::begin(*context_, pool_->create(), Reuse::many);
    recorder.barrier();
    recorder.dispatch(pipeline, descriptors_->create(pipeline, ranges), {}, {1, 1, 1});
    recorder.end();
    return recorder.commands();
  }

  VkSemaphore create_semaphore() {
    const VkSemaphoreTypeCreateInfo type{.sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
                                         .semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE};
    const VkSemaphoreCreateInfo info{.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, .pNext = &type};
    VkSemaphore semaphore = VK_NULL_HANDLE;
    EXPECT_EQ(context_->vk().vkCreateSemaphore(context_->device(), &info, nullptr, &semaphore), VK_SUCCESS);
    return semaphore;
  }

  std::shared_ptr<Context> context_;
  std::shared_ptr<Timeline> timeline_;
  std::unique_ptr<CommandPool> pool_;
  std::unique_ptr<Staging> staging_;
  std::unique_ptr<DescriptorPool> descriptors_;
  Buffer x_, y_;
};

TEST_F(Timelines, ValuesCountSubmissions) {
  const VkCommandBuffer commands = counter_commands();
  const uint64_t before = timeline_->submitted();
  for (uint64_t i = 1; i <= 5; ++i) {
    const Submission sent = timeline_->submit({&commands, 1});
    EXPECT_EQ(sent.status, Status::ok);
    EXPECT_EQ(sent.value, before + i);
  }
  EXPECT_EQ(timeline_->wait(before + 3), Status::ok);
  EXPECT_GE(timeline_->completed(), before + 3);
  EXPECT_EQ(timeline_->wait_all(), Status::ok);
  EXPECT_EQ(timeline_->completed(), before + 5);
  EXPECT_EQ(timeline_->wait(0), Status::ok);
  EXPECT_EQ(read_words(*staging_, y_, 64), std::vector<uint32_t>(64, 5));
}

TEST_F(Timelines, OneSubmissionMayRepeatACommandBuffer) {
  const VkCommandBuffer commands = counter_commands();
  const std::vector<VkCommandBuffer> steps(100, commands);
  const uint64_t submits = context_->counters().submits;
  ASSERT_EQ(timeline_->submit(steps).status, Status::ok);
  EXPECT_EQ(context_->counters().submits, submits + 1);
  EXPECT_EQ(read_words(*staging_, y_, 64), std::vector<uint32_t>(64, 100));
}

TEST_F(Timelines, AReplayOnlySubmits) {
  const VkCommandBuffer commands = counter_commands();
  Counters& c = context_->counters();
  const uint64_t allocations = c.allocations, pipelines = c.pipelines, recorded = c.command_buffers;
  for (int i = 0; i < 10; ++i) ASSERT_EQ(timeline_->submit({&commands, 1}).status, Status::ok);
  ASSERT_EQ(timeline_->wait_all(), Status::ok);
  EXPECT_EQ(c.allocations, allocations);
  EXPECT_EQ(c.pipelines, pipelines);
  EXPECT_EQ(c.command_buffers, recorded);
}

TEST_F(Timelines, ForeignSemaphoresAreWaitedForAndSignalled) {
  const VkCommandBuffer commands = counter_commands();
  const VkSemaphore start = create_semaphore(), done = create_semaphore();
  const SemaphorePoint wait{start, 3}, signal{done, 8};
  const Submission sent = timeline_->submit({&commands, 1}, {&wait, 1}, {&signal, 1});
  ASSERT_EQ(sent.status, Status::ok);
  EXPECT_EQ(timeline_->wait(sent.value, 1'000'000), Status::cancelled);
  EXPECT_LT(timeline_->completed(), sent.value);
  const VkSemaphoreSignalInfo go{.sType = VK_STRUCTURE_TYPE_SEMAPHORE_SIGNAL_INFO, .semaphore = start, .value = 3};
  ASSERT_EQ(context_->vk().vkSignalSemaphore(context_->device(), &go), VK_SUCCESS);
  EXPECT_EQ(timeline_->wait(sent.value), Status::ok);
  uint64_t value = 0;
  ASSERT_EQ(context_->vk().vkGetSemaphoreCounterValue(context_->device(), done, &value), VK_SUCCESS);
  EXPECT_EQ(value, 8u);
  EXPECT_EQ(read_words(*staging_, y_, 64), std::vector<uint32_t>(64, 1));
  context_->vk().vkDestroySemaphore(context_->device(), start, nullptr);
  context_->vk().vkDestroySemaphore(context_->device(), done, nullptr);
}

TEST_F(Timelines, AnUploadWaitsOnlyForTheLastUseThatIsNamed) {
  const VkSemaphore start = create_semaphore();
  Buffer input(context_, Memory::device, 64, "input");
  const SemaphorePoint wait{start, 1};
  ASSERT_EQ(timeline_->submit({}, {&wait, 1}).status, Status::ok);  // stays pending until the host says so
  const std::vector<std::byte> bytes(64, std::byte{9});
  ASSERT_EQ(staging_->upload(bytes, input, 0, uint64_t{0}), Status::ok);  // would hang if it waited for everything
  EXPECT_EQ(timeline_->wait(1, 1'000'000), Status::cancelled);
  const VkSemaphoreSignalInfo go{.sType = VK_STRUCTURE_TYPE_SEMAPHORE_SIGNAL_INFO, .semaphore = start, .value = 1};
  ASSERT_EQ(context_->vk().vkSignalSemaphore(context_->device(), &go), VK_SUCCESS);
  std::vector<std::byte> back(64);
  ASSERT_EQ(staging_->download(input, 0, back), Status::ok);
  EXPECT_EQ(back, bytes);
  context_->vk().vkDestroySemaphore(context_->device(), start, nullptr);
}

TEST_F(Timelines, TimestampsGrow) {
  if (context_->caps().timestamp_period == 0) GTEST_SKIP() << context_->info().name << " has no timestamps";
  const VkCommandBuffer counter = counter_commands();
  const Timestamps stamps(context_, 3);
  Recorder recorder = Recorder::begin(*context_, pool_->create(), Reuse::many);
  recorder.reset_timestamps(stamps, 0, 3);
  recorder.timestamp(stamps, 0);
  recorder.end();
  Recorder after = Recorder::begin(*context_, pool_->create(), Reuse::many);
  after.timestamp(stamps, 1);
  after.end();
  const VkCommandBuffer commands[] = {recorder.commands(), counter, after.commands()};
  uint64_t ticks[2] = {};
  ASSERT_EQ(timeline_->submit(commands).status, Status::ok);
  ASSERT_EQ(timeline_->wait_all(), Status::ok);
  ASSERT_EQ(stamps.read(0, ticks), Status::ok);
  const double elapsed = stamps.nanoseconds(ticks[0], ticks[1]);
  EXPECT_GT(elapsed, 0.0);
  EXPECT_LT(elapsed, 60e9);
  uint64_t unwritten[1] = {};
  EXPECT_NE(stamps.read(2, unwritten), Status::ok);
  EXPECT_EQ(error_of([&] { (void)stamps.read(2, ticks); }).code(), ErrorCode::out_of_range);
}

}  // namespace
}  // namespace lemnos::vulkan::testing
