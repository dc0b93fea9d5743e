// What self-tests found, remembered on disk: a line a test. A test is noted before it begins, so that a driver that
// crashes meanwhile is known at the next start.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lemnos/device.h"

namespace lemnos::vulkan {

struct SelfTestRecord {
  enum class State { running, passed, failed };
  std::string name;
  uint64_t modules = 0;  // a hash of the kernels that were tried
  State state = State::running;
  uint64_t process = 0;  // that did the test
  std::string failure;
};

/// folder/self-tests-<device uuid>-<hash of the driver's version>.txt
std::string self_test_path(const std::string& folder, const DeviceInfo& device);
/// Lines that are no record are left out; nothing for a file that is missing, longer than 64 KiB or no such file.
std::vector<SelfTestRecord> read_self_tests(const std::string& path);
/// Puts `record` in the place of that of its name. Returns the reason of a failure, or an empty string.
std::string remember_self_test(const std::string& path, const SelfTestRecord& record);

uint64_t this_process();
/// Whether such a process runs now; true where nobody can say.
bool process_runs(uint64_t process);

}  // namespace lemnos::vulkan
