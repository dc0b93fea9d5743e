// Shared memory whose opening fails half-way: the file descriptor stays the caller's.
#include "vulkan/shared_buffer.h"

#include <fcntl.h>
#include <unistd.h>

#include "support.h"

namespace lemnos::vulkan::testing {
namespace {

// Function pointers carry no state, so the state of the running test is here.
struct {
  bool fails = false;
  PFN_vkBindBufferMemory bind = nullptr;
} g_binding;

VKAPI_ATTR VkResult VKAPI_CALL failing_bind(VkDevice device, VkBuffer buffer, VkDeviceMemory memory,
                                            VkDeviceSize offset) {
  return g_binding.fails ? VK_ERROR_OUT_OF_DEVICE_MEMORY : g_binding.bind(device, buffer, memory, offset);
}

bool is_open(intptr_t descriptor) { return fcntl(static_cast<int>(descriptor), F_GETFD) >= 0; }

class SharedBufferFaults : public VulkanTest {};

TEST_F(SharedBufferFaults, ADescriptorIsTakenOverOnlyWhenNothingFailed) {
  const std::shared_ptr<Context> context = open({.adjust_table = [](DeviceTable& table) {
    g_binding.bind = std::exchange(table.vkBindBufferMemory, failing_bind);
  }});
  if (!can_share(context->features(), ShareKind::opaque_fd))
    GTEST_SKIP() << context->info().name << " shares no opaque file descriptors";
  const SharedBuffer made = SharedBuffer::create(context, ShareKind::opaque_fd, 1024);
  const SharedMemory memory = made.share();
  g_binding.fails = true;
  const Error error = error_of([&] { (void)SharedBuffer::open(context, memory); });
  g_binding.fails = false;
  EXPECT_EQ(error.code(), ErrorCode::out_of_memory) << error.what();
  ASSERT_TRUE(is_open(memory.handle)) << "the caller's descriptor was closed, though nothing was opened";
  {
    const SharedBuffer opened = SharedBuffer::open(context, memory);  // the next try works
    EXPECT_EQ(opened.range().size, 1024u);
    EXPECT_FALSE(is_open(memory.handle)) << "it was taken over, and is still open";
  }
}

}  // namespace
}  // namespace lemnos::vulkan::testing
