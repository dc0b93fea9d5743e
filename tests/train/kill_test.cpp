// A process that is killed at a random step, and one that takes up its newest checkpoint: the end is that of a run that
// was not interrupted, bit by bit, with every optimizer and every schedule. Without LEMNOS_TIER=whole a third of them,
// each time others, is on the device, and the rest on the CPU reference.

#include "train/kill_test.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>

#include <random>

#include "tests/tier.h"

namespace lemnos::train_tests {
namespace {

constexpr int64_t kSteps = 14;

class Kill : public testing::TestWithParam<size_t> {};
INSTANTIATE_TEST_SUITE_P(AtARandomStep, Kill, testing::Range<size_t>(0, courses().size()),
                         [](const auto& chosen) { return optim::name_of(courses().at(chosen.param).optimizer); });

/// Runs the helper and kills it after so many lines; 0: lets it end. Its exit status, -1 when it was killed.
int run_helper(const std::string& device, size_t course, const std::filesystem::path& folder, int64_t kill_after) {
  int lines[2];
  if (pipe(lines) != 0) return -2;
  const std::vector<std::string> words = [&] {
    std::vector<std::string> all = helper_words();
    for (const std::string& word : {device, std::to_string(course), folder.string(), std::to_string(kSteps)})
      all.push_back(word);
    return all;
  }();
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    dup2(lines[1], STDOUT_FILENO);
    close(lines[0]);
    execv(argv[0], argv.data());
    _exit(127);
  }
  close(lines[1]);
  char c;
  int64_t seen = 0;
  while (read(lines[0], &c, 1) == 1)
    if (c == '\n' && ++seen == kill_after) kill(child, SIGKILL);
  close(lines[0]);
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_P(Kill, ResumedRunsHaveTheSameBits) {
  const Device best = Device::best();
  Folder folder;
  // Each time another step; what fails names it, and the seed of a failure can be put here.
  const uint32_t seed = std::random_device{}();
  const auto after = 1 + static_cast<int64_t>(seed % (kSteps - 1));
  const bool on_vulkan =
      best.info().type != DeviceType::cpu_reference && (whole_tier() || GetParam() % 3 == seed / kSteps % 3);
  SCOPED_TRACE("killed after step " + std::to_string(after));
  const std::string device = on_vulkan ? "vulkan" : "cpu";
  ASSERT_EQ(run_helper(device, GetParam(), folder.path(), after), -1);
  const std::filesystem::path latest = callback::latest_checkpoint(folder.path());
  ASSERT_FALSE(latest.empty());
  ASSERT_EQ(run_helper(device, GetParam(), folder.path(), 0), 0);

  Trainer whole = trainer_of(on_vulkan ? best : Device::cpu(), GetParam());
  whole.begin(points(), kBatch);
  whole.step(kSteps);
  EXPECT_TRUE(same(content_of(folder / ("step-" + std::to_string(kSteps) + ".safetensors")), state_of(whole)));
}

}  // namespace
}  // namespace lemnos::train_tests
