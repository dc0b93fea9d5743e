// Every case on every usable Vulkan device: dtype x variant x shape x direction, one test each.
// LEMNOS_TIER=broad, fast or smoke runs a part of them; LEMNOS_DEVICE names one device, LEMNOS_PRESET a poorer one to
// play. LEMNOS_PART=1/4 runs the second of four parts.

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "all_cases.h"
#include "check/runner.h"

namespace {

using namespace lemnos;

class OpTest : public testing::Test {
 public:
  OpTest(check::Run run, const Device& device) : run_(run), device_(device) {}
  void TestBody() override {
    const check::Outcome outcome = check::run_on(run_, device_);
    if (outcome.kind == check::Outcome::Kind::skipped) GTEST_SKIP() << outcome.message;
    EXPECT_EQ(outcome.kind, check::Outcome::Kind::passed)
        << outcome.message << (run_.item->note.empty() ? "" : "\n  " + run_.item->note) << "\n  "
        << check::reproducer(run_, device_.info());
  }

 private:
  check::Run run_;
  const Device& device_;
};

std::vector<Device> devices() {
  if (const char* wanted = std::getenv("LEMNOS_DEVICE")) return {Device::find(wanted)};
  std::vector<Device> all;
  for (const DeviceInfo& info : Device::list())
    if (info.usable && info.type != DeviceType::cpu_reference) all.push_back(Device::find(uuid_string(info.uuid)));
  return all;
}

// The runs of one part. A part is a stretch of the list, because neighbours launch the same kernels.
std::vector<check::Run> part_of(const std::vector<check::Run>& runs) {
  const char* wanted = std::getenv("LEMNOS_PART");
  if (!wanted) return runs;
  size_t part = 0, parts = 0;
  if (std::sscanf(wanted, "%zu/%zu", &part, &parts) != 2 || part >= parts)
    throw Error(ErrorCode::invalid_argument, std::string("LEMNOS_PART is '") + wanted + "', expected 0/4 to 3/4, say");
  const auto begin_of = [&](size_t i) { return runs.begin() + static_cast<std::ptrdiff_t>(runs.size() * i / parts); };
  return {begin_of(part), begin_of(part + 1)};
}

// A run in which everything was skipped has shown nothing: it fails.
class AllSkipped : public testing::EmptyTestEventListener {
 public:
  void OnTestProgramEnd(const testing::UnitTest& unit) override {
    failed = unit.test_to_run_count() == 0 || unit.skipped_test_count() == unit.test_to_run_count();
  }
  bool failed = false;
};

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  const auto setting = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value ? value : "");
  };
  const std::vector<check::Case> cases = check::all_cases();
  // They must go before main() ends: the framework's list of tests outlives it, and by then a driver may be unloaded.
  std::vector<Device> held;
  try {
    held = devices();
    const std::vector<check::Run> runs = part_of(
        check::expand(cases, {.tier = check::find_tier(setting("LEMNOS_TIER")), .preset = setting("LEMNOS_PRESET")}));
    for (const Device& device : held) {
      std::cout << device.info().name << ", " << device.info().driver_version << "\n";
      for (const check::Run& run : runs)
        testing::RegisterTest(device.info().driver.c_str(), check::name_of(run).c_str(), nullptr, nullptr, __FILE__,
                              __LINE__, [run, &device]() -> testing::Test* { return new OpTest(run, device); });
    }
  } catch (const Error& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
  auto* all_skipped = new AllSkipped;  // the list of listeners owns it
  testing::UnitTest::GetInstance()->listeners().Append(all_skipped);
  const int result = RUN_ALL_TESTS();
  if (all_skipped->failed) std::cerr << "every test was skipped: nothing was tested\n";
  return result != 0 || all_skipped->failed ? 1 : 0;
}
