// Submissions that a driver ends early and reports as complete.
#include <chrono>
#include <thread>

#include "support.h"

namespace lemnos::vulkan::testing {
namespace {

class Canaries : public VulkanTest {
 protected:
  // The driver leaves out the commands of a submission from here on, but for so many.
  static inline bool forgets = false;
  static inline uint32_t kept = 0;
  static inline PFN_vkQueueSubmit2 real = nullptr;

  void SetUp() override {
    forgets = false;
    context_ = open({.adjust_table = [](DeviceTable& table) {
      real = table.vkQueueSubmit2;
      table.vkQueueSubmit2 = [](VkQueue queue, uint32_t count, const VkSubmitInfo2* infos, VkFence fence) {
        if (!forgets) return real(queue, count, infos, fence);
        VkSubmitInfo2 info = infos[0];
        info.commandBufferInfoCount = kept;
        return real(queue, 1, &info, fence);
      };
    }});
    timeline_ = std::make_unique<Timeline>(context_);
    pool_ = std::make_unique<CommandPool>(context_);
    buffer_ = Buffer(context_, Memory::device, 256, "target");
    commands_ = recorded(*pool_, [&](Recorder& r) {
      r.barrier();
      r.fill(buffer_.range(), 7);
    });
  }
  void TearDown() override {
    forgets = false;
    timeline_.reset();
    VulkanTest::TearDown();
  }
  Submission submit() { return timeline_->submit({&commands_, 1}); }

  std::shared_ptr<Context> context_;
  std::unique_ptr<Timeline> timeline_;
  std::unique_ptr<CommandPool> pool_;
  Buffer buffer_;
  VkCommandBuffer commands_ = VK_NULL_HANDLE;
};

TEST_F(Canaries, ManySubmissionsAreWhole) {
  for (int i = 0; i < 500; ++i) {
    ASSERT_EQ(submit().status, Status::ok);
    if (i % 150 != 149) continue;  // more at once than there are slots
    ASSERT_EQ(timeline_->wait_all(), Status::ok);
  }
  EXPECT_EQ(timeline_->wait_all(), Status::ok);
  EXPECT_EQ(timeline_->completed(), timeline_->submitted());
}

TEST_F(Canaries, ALostSubmissionIsSeenByTheWait) {
  for (kept = 0; kept < 2; ++kept) {
    SetUp();
    for (int i = 0; i < 3; ++i) ASSERT_EQ(submit().status, Status::ok);
    forgets = true;
    ASSERT_EQ(submit().status, Status::ok);
    forgets = false;
    ASSERT_EQ(submit().status, Status::ok);
    EXPECT_EQ(timeline_->wait(3), Status::ok);
    EXPECT_EQ(timeline_->wait(4), Status::device_lost);
    EXPECT_TRUE(context_->lost());
    EXPECT_EQ(submit().status, Status::device_lost);
    ASSERT_FALSE(logged_.empty());
    EXPECT_EQ(logged_[logged_.size() - 2],
              "submission 4 completed without its last write: the driver has reset the device and not said so");
  }
}

TEST_F(Canaries, ALostSubmissionIsSeenWithoutAWait) {
  forgets = true;
  kept = 1;
  ASSERT_EQ(submit().status, Status::ok);
  for (int i = 0; i < 10000 && !context_->lost(); ++i) {
    (void)timeline_->completed();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_TRUE(context_->lost());
}

TEST_F(Canaries, ASubmissionThatTheQueueRefusesIsNotMissed) {
  context_->mutable_table().vkQueueSubmit2 = [](VkQueue, uint32_t, const VkSubmitInfo2*, VkFence) {
    return VK_ERROR_OUT_OF_HOST_MEMORY;
  };
  EXPECT_EQ(submit().status, Status::out_of_memory);
  context_->mutable_table().vkQueueSubmit2 = real;
  EXPECT_EQ(submit().status, Status::ok);
  EXPECT_EQ(timeline_->wait_all(), Status::ok);
}

}  // namespace
}  // namespace lemnos::vulkan::testing
