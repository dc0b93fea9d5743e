// Memory shared between two devices and between two processes: what one writes the other reads, without a copy.
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "app_device.h"
#include "shared_numbers.h"

namespace lemnos::embed_tests {
namespace {

class Share : public ::testing::TestWithParam<VulkanShare> {
 protected:
  // Where the driver cannot share so, the reason is the driver's.
  void SetUp() override {
    try {
      (void)create();
    } catch (const Error& error) {
      if (error.code() != ErrorCode::unsupported) throw;
      GTEST_SKIP() << error.what();
    }
  }
  void TearDown() override { EXPECT_EQ(device_.backend().validation_messages(), std::vector<std::string>{}); }
  VulkanSharedBuffer create() { return VulkanSharedBuffer::create(*here_.session, kSharedBytes, GetParam()); }
  Device device_ = Device::best();
  SharedNumbers here_{device_};
};

TEST_P(Share, BetweenTwoDevices) {
  auto buffer = create();
  here_.use(buffer);
  here_.session->write(here_.x, numbers(1));
  const Device other = Device::best();  // a VkDevice of its own
  SharedNumbers there(other);
  auto opened = VulkanSharedBuffer::open(*there.session, buffer.share());
  there.use(opened);
  buffer.release(*here_.session);
  opened.acquire(*there.session);
  EXPECT_EQ(there.session->read_floats(there.x), numbers(1));
  there.session->write(there.x, numbers(2));
  opened.release(*there.session);
  buffer.acquire(*here_.session);
  ASSERT_EQ(here_.program->run(), Status::ok);
  EXPECT_EQ(here_.program->read_floats(here_.doubled), doubled(numbers(2)));
}

// The helper is started as this program was, which may be through another dynamic linker (tests/drivers.sh).
std::string helper_command() {
  std::string command, word;
  std::ifstream words("/proc/self/cmdline", std::ios::binary);
  while (std::getline(words, word, '\0') && !word.ends_with("lemnos_embed_tests")) command += "'" + word + "' ";
  return command + "'" LEMNOS_SHARE_HELPER "'";
}

TEST_P(Share, BetweenTwoProcesses) {
  auto buffer = create();
  here_.use(buffer);
  here_.session->write(here_.x, numbers(3));
  const VulkanSharedMemory memory = buffer.share();
  ASSERT_EQ(fcntl(static_cast<int>(memory.handle), F_SETFD, 0), 0);  // the helper inherits it
  buffer.release(*here_.session);
  const std::string command = helper_command() + " " + std::to_string(static_cast<int>(memory.kind)) + " " +
                              std::to_string(memory.handle) + " " + std::to_string(memory.allocation_size) + " " +
                              std::to_string(memory.memory_type);
  ASSERT_EQ(std::system(command.c_str()), 0) << command;
  close(static_cast<int>(memory.handle));
  buffer.acquire(*here_.session);
  EXPECT_EQ(here_.session->read_floats(here_.x), numbers(4));
}

TEST_P(Share, MistakesAreNamedAndLeaveTheDescriptorAlone) {
  const auto buffer = create();
  const VulkanSharedMemory memory = buffer.share();
  const auto refused = [&](VulkanSharedMemory wrong) {
    try {
      (void)VulkanSharedBuffer::open(*here_.session, wrong);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("nothing");
  };
  VulkanSharedMemory wrong = memory;
  wrong.device_uuid[0] ^= 1;  // the memory of another device
  if (GetParam() == VulkanShare::opaque_fd) {
    EXPECT_NE(refused(wrong).find(uuid_string(wrong.device_uuid)), std::string::npos) << refused(wrong);
  }
  wrong = memory;
  wrong.handle = -1;
  EXPECT_EQ(refused(wrong), "shared buffer: -1 is not an open file descriptor");
  wrong = memory;
  wrong.allocation_size = 8;
  EXPECT_EQ(refused(wrong), "shared buffer: 1024 bytes of 8");
  wrong = memory;
  wrong.kind = VulkanShare::opaque_win32;
  EXPECT_NE(refused(wrong).find("no extension enabled for Win32 handles"), std::string::npos) << refused(wrong);
  EXPECT_GE(fcntl(static_cast<int>(memory.handle), F_GETFD), 0) << "it was closed";
  close(static_cast<int>(memory.handle));
}

std::string name_of(const ::testing::TestParamInfo<VulkanShare>& kind) {
  return kind.param == VulkanShare::opaque_fd ? "opaque_fd" : "dma_buf";
}
INSTANTIATE_TEST_SUITE_P(As, Share, ::testing::Values(VulkanShare::opaque_fd, VulkanShare::dma_buf), name_of);

class ShareFromTheApplication : public EmbedTest {};

TEST_F(ShareFromTheApplication, OnlyWhatWasEnabledIsUsed) {
  SharedNumbers here(app().adopted());  // with the required features alone
  try {
    (void)VulkanSharedBuffer::create(*here.session, kSharedBytes);
    ADD_FAILURE() << "the extension was not enabled";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::unsupported) << error.what();
  }
}

}  // namespace
}  // namespace lemnos::embed_tests
