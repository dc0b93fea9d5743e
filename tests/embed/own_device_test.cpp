// Devices that Lemnos opens itself: whom they tell, and by which words they are found.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "lemnos/session.h"
#include "tests/error_of.h"

namespace lemnos {
namespace {

TEST(OwnDevice, TellsTheLoggerItWasGivenEachTime) {
  for (int i = 0; i < 2; ++i) {
    std::string said;
    const Device device =
        Device::best({.logger = [&said](LogLevel, std::string_view message) { said.append(message).append("\n"); }});
    const DeviceType type = device.info().type;
    EXPECT_EQ(said.find("software driver") != std::string::npos, type == DeviceType::software) << said;
    EXPECT_EQ(said.find("the CPU reference is used instead") != std::string::npos,
              type == DeviceType::cpu_reference && !std::getenv("LEMNOS_DEVICE"))
        << said;
  }
}

TEST(OwnDevice, TheReferenceIsFoundByItsNameAndListedLast) {
  EXPECT_EQ(Device::find("cpu").info().type, DeviceType::cpu_reference);
  EXPECT_EQ(Device::list().back().type, DeviceType::cpu_reference);
}

TEST(OwnDevice, AnUnknownNameIsRefused) {
  const ErrorCode code = error_of([] { Device::find("no such device"); }).code();
  EXPECT_TRUE(code == ErrorCode::not_found || code == ErrorCode::no_device);
}

}  // namespace
}  // namespace lemnos
