// Faults: the n-th call of an entry point fails; an Error or a Status comes back, nothing leaks, the next try works.
#include <atomic>

#include "support.h"
#include "vulkan/result.h"

namespace lemnos::vulkan::testing {
namespace {

// Function pointers carry no state, so the state of the running test is here.
struct {
  std::atomic<int> calls{0};
  std::atomic<int> fail_from{0};  // 0: never
  std::atomic<int> live{0};
  PFN_vkAllocateMemory allocate = nullptr;
  PFN_vkFreeMemory free = nullptr;
} g_memory;

VKAPI_ATTR VkResult VKAPI_CALL failing_allocate(VkDevice device, const VkMemoryAllocateInfo* info,
                                                const VkAllocationCallbacks* callbacks, VkDeviceMemory* memory) {
  const int call = ++g_memory.calls;
  if (g_memory.fail_from > 0 && call >= g_memory.fail_from) return VK_ERROR_OUT_OF_DEVICE_MEMORY;
  const VkResult result = g_memory.allocate(device, info, callbacks, memory);
  if (result == VK_SUCCESS) ++g_memory.live;
  return result;
}

VKAPI_ATTR void VKAPI_CALL counting_free(VkDevice device, VkDeviceMemory memory,
                                         const VkAllocationCallbacks* callbacks) {
  if (memory != VK_NULL_HANDLE) --g_memory.live;
  g_memory.free(device, memory, callbacks);
}

class Faults : public VulkanTest {
 protected:
  std::shared_ptr<Context> open_with_failing_memory() {
    g_memory.calls = g_memory.fail_from = g_memory.live = 0;
    const std::shared_ptr<Context> context = open({.adjust_table = [](DeviceTable& table) {
      g_memory.allocate = std::exchange(table.vkAllocateMemory, failing_allocate);
      g_memory.free = std::exchange(table.vkFreeMemory, counting_free);
    }});
    DeviceCaps limits = context->caps();
    limits.unified_memory = false;  // so that staging allocates too
    context->clamp_caps(limits);
    return context;
  }
};

void use_memory(const std::shared_ptr<Context>& context) {
  const auto timeline = std::make_shared<Timeline>(context);
  Staging staging(timeline, 40 << 20);
  Buffer large(context, Memory::device, 48 << 20, "large");
  Buffer small(context, Memory::device, 1000, "small");
  const Buffer other(context, Memory::readback, 48 << 20, "other");
  write_words(staging, small, counting(250));
  EXPECT_EQ(read_words(staging, small, 250), counting(250));
}

TEST_F(Faults, EveryFailingAllocationIsAnErrorAndNoLeak) {
  int needed = 1;
  for (int n = 0; n <= needed; ++n) {  // round 0 counts
    {
      // A new context each round: the allocator keeps blocks, so a second run on the same one asks for fewer.
      const std::shared_ptr<Context> context = open_with_failing_memory();
      g_memory.fail_from = n;
      if (n == 0) {
        use_memory(context);
        needed = g_memory.calls;
        ASSERT_GE(needed, 4);
      } else {
        const Error error = error_of([&] { use_memory(context); });
        EXPECT_EQ(error.code(), ErrorCode::out_of_memory) << "allocation " << n << ": " << error.what();
      }
      EXPECT_EQ(context->allocator().use().buffers, 0u) << "allocation " << n;
      EXPECT_EQ(context->allocator().use().bytes, 0u) << "allocation " << n;
      g_memory.fail_from = 0;
      use_memory(context);
    }
    EXPECT_EQ(g_memory.live, 0) << "allocation " << n;
  }
}

TEST_F(Faults, ALostDeviceIsAStatusAndStaysLost) {
  const std::shared_ptr<Context> context = open();
  Timeline timeline(context);
  context->mutable_table().vkQueueSubmit2 = [](VkQueue, uint32_t, const VkSubmitInfo2*, VkFence) -> VkResult {
    return VK_ERROR_DEVICE_LOST;
  };
  const Submission sent = timeline.submit({});
  EXPECT_EQ(sent.status, Status::device_lost);
  EXPECT_EQ(sent.value, 0u);
  EXPECT_TRUE(context->lost());
  EXPECT_EQ(timeline.submit({}).status, Status::device_lost);
  EXPECT_EQ(timeline.wait(1), Status::device_lost);
  EXPECT_NE(logged_.back().find("the device is lost"), std::string::npos) << logged_.back();
}

TEST_F(Faults, ASubmissionWithoutMemoryMayBeTriedAgain) {
  const std::shared_ptr<Context> context = open();
  Timeline timeline(context);
  const PFN_vkQueueSubmit2 real = context->vk().vkQueueSubmit2;
  context->mutable_table().vkQueueSubmit2 = [](VkQueue, uint32_t, const VkSubmitInfo2*, VkFence) -> VkResult {
    return VK_ERROR_OUT_OF_HOST_MEMORY;
  };
  EXPECT_EQ(timeline.submit({}).status, Status::out_of_memory);
  EXPECT_FALSE(context->lost());
  context->mutable_table().vkQueueSubmit2 = real;
  const Submission sent = timeline.submit({});
  EXPECT_EQ(sent.status, Status::ok);
  EXPECT_EQ(sent.value, 1u);
  EXPECT_EQ(timeline.wait(1), Status::ok);
}

TEST_F(Faults, APipelineThatFailsIsNotRemembered) {
  const std::shared_ptr<Context> context = open();
  const uint32_t spec[] = {32, 4};
  const PFN_vkCreateComputePipelines real = context->vk().vkCreateComputePipelines;
  context->mutable_table().vkCreateComputePipelines =
      [](VkDevice, VkPipelineCache, uint32_t, const VkComputePipelineCreateInfo*, const VkAllocationCallbacks*,
         VkPipeline*) -> VkResult { return VK_ERROR_OUT_OF_HOST_MEMORY; };
  const Error error = error_of([&] { context->pipeline(scale_add_desc(spec)); });
  EXPECT_EQ(error.code(), ErrorCode::out_of_memory);
  EXPECT_NE(std::string(error.what()).find("VK_ERROR_OUT_OF_HOST_MEMORY"), std::string::npos) << error.what();
  context->mutable_table().vkCreateComputePipelines = real;
  expect_scale_add_works(context, 3, 4);
}

TEST_F(Faults, ResultsTranslateInOnePlace) {
  EXPECT_EQ(to_status(VK_SUCCESS), Status::ok);
  EXPECT_EQ(to_status(VK_TIMEOUT), Status::cancelled);
  EXPECT_EQ(to_status(VK_ERROR_OUT_OF_DEVICE_MEMORY), Status::out_of_memory);
  EXPECT_EQ(to_status(VK_ERROR_DEVICE_LOST), Status::device_lost);
  EXPECT_EQ(to_status(VK_ERROR_UNKNOWN), Status::device_lost);
  EXPECT_EQ(to_error_code(VK_ERROR_EXTENSION_NOT_PRESENT), ErrorCode::unsupported);
  EXPECT_EQ(error_of([] { check(VK_ERROR_DEVICE_LOST, "submit"); }).code(), ErrorCode::device_lost);
}

}  // namespace
}  // namespace lemnos::vulkan::testing
