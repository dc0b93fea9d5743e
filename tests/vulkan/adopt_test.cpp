// Adopting: a device that Lemnos did not create, with only the required features, beside other contexts, on a shared
// queue.
#include <atomic>
#include <cstring>
#include <mutex>
#include <thread>

#include "support.h"

namespace lemnos::vulkan::testing {
namespace {

class Adopt : public VulkanTest {
 protected:
  std::shared_ptr<MessageLog> log() {
    auto made = std::make_shared<MessageLog>(Logger{});
    watch(made);
    return made;
  }
};

TEST_F(Adopt, ABareDeviceComputes) {
  const BareDevice bare(log());
  {
    const std::shared_ptr<Context> context = Context::adopt(bare.adopt_info());
    EXPECT_FALSE(context->caps().fp16);
    EXPECT_FALSE(context->caps().buffer_device_address);
    EXPECT_FALSE(context->has_debug_labels());
    expect_scale_add_works(context, 3, 5);
  }
  // Borrowed handles are alive after the context: the device still answers.
  EXPECT_EQ(bare.device_vk.vkDeviceWaitIdle(bare.device), VK_SUCCESS);
}

TEST_F(Adopt, ABorrowedDeviceIsNeverWaitedForAsAWhole) {
  const BareDevice bare(log());
  AdoptInfo info = bare.adopt_info();
  info.adjust_table = [](DeviceTable& table) {
    table.vkDeviceWaitIdle = [](VkDevice) -> VkResult {
      ADD_FAILURE() << "vkDeviceWaitIdle on a borrowed device";
      return VK_SUCCESS;
    };
    table.vkDestroyDevice = [](VkDevice, const VkAllocationCallbacks*) { ADD_FAILURE() << "destroyed"; };
  };
  expect_scale_add_works(Context::adopt(info), 2, 1);
}

TEST_F(Adopt, WhatIsMissingIsNamed) {
  const BareDevice bare(log());
  AdoptInfo info = bare.adopt_info();
  info.device = VK_NULL_HANDLE;
  EXPECT_STREQ(error_of([&] { Context::adopt(info); }).what(), "adopt: no device was given");
  info = bare.adopt_info();
  info.enabled_features = nullptr;
  const Error missing = error_of([&] { Context::adopt(info); });
  EXPECT_EQ(missing.code(), ErrorCode::unsupported);
  EXPECT_NE(std::string(missing.what()).find("timelineSemaphore"), std::string::npos) << missing.what();
  info = bare.adopt_info();
  info.compute_queue.family = 1000;
  EXPECT_EQ(error_of([&] { Context::adopt(info); }).code(), ErrorCode::out_of_range);
  info = bare.adopt_info();
  info.lock_queue = [](const QueueHandle&) {};
  EXPECT_EQ(error_of([&] { Context::adopt(info); }).code(), ErrorCode::invalid_argument);
}

TEST_F(Adopt, TwoContextsInOneProcess) {
  const std::shared_ptr<Context> first = open();
  const std::shared_ptr<Context> second = open();
  EXPECT_NE(first->device(), second->device());
  expect_scale_add_works(first, 2, 0);
  expect_scale_add_works(second, 7, 9);
  expect_scale_add_works(first, 4, 1);
}

TEST_F(Adopt, TwoContextsShareOneQueueUnderTheApplicationsLock) {
  const BareDevice bare(log());
  std::mutex mutex;
  std::atomic<int> inside{0}, locks{0};
  std::atomic<bool> overlapped{false};
  AdoptInfo info = bare.adopt_info();
  info.lock_queue = [&](const QueueHandle&) {
    mutex.lock();
    if (++inside != 1) overlapped = true;
    ++locks;
  };
  info.unlock_queue = [&](const QueueHandle&) {
    --inside;
    mutex.unlock();
  };
  const std::shared_ptr<Context> contexts[] = {Context::adopt(info), Context::adopt(info)};
  std::vector<std::jthread> threads;
  for (uint32_t i = 0; i < 2; ++i)
    threads.emplace_back([&, i] {
      for (uint32_t round = 0; round < 8; ++round) expect_scale_add_works(contexts[i], i + 2, round);
    });
  threads.clear();
  EXPECT_FALSE(overlapped);
  const uint64_t submits = contexts[0]->counters().submits + contexts[1]->counters().submits;
  EXPECT_GE(locks.load(), 16);
  EXPECT_EQ(static_cast<uint64_t>(locks.load()), submits);
}

TEST_F(Adopt, TheApplicationMaySubmitForUs) {
  const BareDevice bare(log());
  int submits = 0;
  AdoptInfo info = bare.adopt_info();
  info.submit = [&](const QueueHandle& queue, const VkSubmitInfo2& submit) {
    ++submits;
    return bare.device_vk.vkQueueSubmit2(queue.handle, 1, &submit, VK_NULL_HANDLE);
  };
  expect_scale_add_works(Context::adopt(info), 5, 6);
  EXPECT_GT(submits, 0);
}

TEST_F(Adopt, CommandsAreAppendedToAnApplicationsCommandBuffer) {
  const std::shared_ptr<Context> context = open();
  const auto timeline = std::make_shared<Timeline>(context);
  Staging staging(timeline);
  Buffer x(context, Memory::device, 256, "x"), y(context, Memory::device, 256, "y"),
      z(context, Memory::device, 256, "z");
  const Pipeline& pipeline = context->pipeline(accumulate_desc());
  DescriptorPool descriptors(context, 1, 2);
  const BufferRange ranges[] = {x.range(), y.range()};
  const VkDescriptorSet set = descriptors.create(pipeline, ranges);

  CommandPool pool(context);
  const VkCommandBuffer commands = pool.create();
  const DeviceTable& vk = context->vk();
  const VkCommandBufferBeginInfo begin{.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
  ASSERT_EQ(vk.vkBeginCommandBuffer(commands, &begin), VK_SUCCESS);
  vk.vkCmdFillBuffer(commands, x.handle(), 0, 256, 40);
  vk.vkCmdFillBuffer(commands, y.handle(), 0, 256, 2);
  Recorder recorder(*context, commands);
  recorder.barrier_all();
  recorder.dispatch(pipeline, set, {}, {1, 1, 1});
  recorder.barrier_all();
  const VkBufferCopy whole{0, 0, 256};
  vk.vkCmdCopyBuffer(commands, y.handle(), z.handle(), 1, &whole);
  ASSERT_EQ(vk.vkEndCommandBuffer(commands), VK_SUCCESS);
  ASSERT_EQ(timeline->submit({&commands, 1}).status, Status::ok);
  EXPECT_EQ(read_words(staging, z, 64), std::vector<uint32_t>(64, 42));
}

TEST_F(Adopt, AnApplicationsBufferIsUsedInPlaceAndLeftAlone) {
  const std::shared_ptr<Context> context = open();
  const auto timeline = std::make_shared<Timeline>(context);
  Buffer theirs(context, Memory::device, 4096, "theirs");
  {
    Staging staging(timeline, 64);
    Buffer borrowed = Buffer::borrow(context, theirs.handle(), theirs.size());
    EXPECT_EQ(borrowed.mapped(), nullptr);
    write_words(staging, borrowed, counting(1024, 7));
    EXPECT_EQ(read_words(staging, borrowed, 1024), counting(1024, 7));
  }
  Staging staging(timeline);
  EXPECT_EQ(read_words(staging, theirs, 1024), counting(1024, 7));
}

}  // namespace
}  // namespace lemnos::vulkan::testing
