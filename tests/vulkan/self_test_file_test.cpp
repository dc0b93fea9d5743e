// What self-tests found, on disk: written, read back, and never trusted.
#include "vulkan/self_test_file.h"

#include <filesystem>
#include <fstream>

#include "support.h"

namespace lemnos::vulkan::testing {
namespace {

namespace fs = std::filesystem;
using State = SelfTestRecord::State;

void put(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

TEST(SelfTestFile, SurvivesTheRoundTrip) {
  const TemporaryFolder folder;
  DeviceInfo device;
  device.uuid = {1, 2, 3};
  device.driver_version = "1.2";
  const std::string path = self_test_path(folder.path() + "/deeper", device);
  EXPECT_TRUE(read_self_tests(path).empty());
  EXPECT_EQ(remember_self_test(path, {"matrix-f16", 0xfedcba9876543210, State::running, 7, ""}), "");
  EXPECT_EQ(remember_self_test(path, {"subgroup", 5, State::passed, 8, ""}), "");
  EXPECT_EQ(remember_self_test(path, {"matrix-f16", 0xfedcba9876543210, State::failed, 9, "a\tb\nc"}), "");
  const std::vector<SelfTestRecord> records = read_self_tests(path);
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].name, "subgroup");
  EXPECT_EQ(records[0].state, State::passed);
  EXPECT_EQ(records[1].modules, 0xfedcba9876543210);
  EXPECT_EQ(records[1].state, State::failed);
  EXPECT_EQ(records[1].process, 9u);
  EXPECT_EQ(records[1].failure, "a b c");
  size_t files = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(path).parent_path())) files += entry.is_regular_file();
  EXPECT_EQ(files, 1u) << "a temporary file was left behind";
  device.driver_version = "1.3";
  EXPECT_NE(self_test_path(folder.path() + "/deeper", device), path);
}

TEST(SelfTestFile, InvalidRecordsAreSkipped) {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/tests.txt", first = "lemnos self-tests 1\n";
  const auto count = [&](const std::string& bytes) {
    put(path, bytes);
    return read_self_tests(path).size();
  };
  EXPECT_EQ(count(first + "a\t1\tpassed\t2\t\n"), 1u);
  EXPECT_EQ(count(first + "a\t1\tpassed\t2"), 1u);
  for (const char* line :
       {"", "a", "a\t1", "a\tx\tpassed\t2\t", "a\t1\tsplendid\t2\t", "a\t1\tpassed\t-2\t", "\t1\tpassed\t2\t",
        "a\t11111111111111111\tpassed\t2\t", "a\t1\tpassed\t99999999999999999999\t"})
    EXPECT_EQ(count(first + line + "\n"), 0u) << line;
  EXPECT_EQ(count("lemnos self-tests 2\na\t1\tpassed\t2\t\n"), 0u);
  EXPECT_EQ(count(first + std::string(1 << 17, 'a')), 0u);
  EXPECT_EQ(count(""), 0u);
  fs::remove(path);
  fs::create_directory(path);
  EXPECT_TRUE(read_self_tests(path).empty());
  EXPECT_NE(remember_self_test(path, {"a"}), "");
}

TEST(SelfTestFile, KnowsWhichProcessesRun) { EXPECT_TRUE(process_runs(this_process())); }

}  // namespace
}  // namespace lemnos::vulkan::testing
