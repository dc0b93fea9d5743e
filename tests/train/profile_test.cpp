// Program::profile: every launch has its times, in order; the steps count; the trace is JSON.

#include <nlohmann/json.hpp>

#include "lemnos/profile.h"
#include "train/support.h"

namespace lemnos::train_tests {
namespace {

class Profiling : public TrainTest {};
LEMNOS_ON_EVERY_DEVICE(Profiling);

TEST_P(Profiling, EveryLaunchHasItsTimes) {
  Trainer trainer = small_trainer(device());
  trainer.begin(points(), kBatch);
  const Profile profile = trainer.step_program()->profile(3);
  EXPECT_EQ(profile.launches.size(), trainer.step_program()->summary().dispatches);
  EXPECT_EQ(profile.device, device().info().name);
  EXPECT_GT(profile.replayed_microseconds, 0);
  for (size_t step = 0; step < 3; ++step) {
    double last = 0;
    for (const LaunchProfile& launch : profile.launches) {
      ASSERT_EQ(launch.steps.size(), 3u) << launch.op;
      EXPECT_GE(launch.steps[step].begin, last) << launch.op;
      EXPECT_GE(launch.steps[step].end, launch.steps[step].begin) << launch.op;
      last = launch.steps[step].begin;
    }
  }
  EXPECT_GT(profile.microseconds(), 0);
  EXPECT_NE(profile.table().find("matmul"), std::string::npos) << profile.table();
}

TEST_P(Profiling, ItsStepsAreSteps) {
  Trainer profiled = small_trainer(device()), plain = small_trainer(device());
  profiled.begin(points(), kBatch);
  plain.begin(points(), kBatch);
  (void)profiled.step_program()->profile(2);
  plain.step(4);
  EXPECT_EQ(profiled.steps_done(), 4);
  EXPECT_TRUE(same(state_of(profiled), state_of(plain)));
}

TEST_P(Profiling, TheTraceIsJson) {
  Trainer trainer = small_trainer(device());
  trainer.begin(points(), kBatch);
  const Profile profile = trainer.step_program()->profile(2);
  const auto trace = nlohmann::json::parse(profile.trace());
  EXPECT_EQ(trace["otherData"]["device"], profile.device);
  size_t complete = 0;
  for (const auto& event : trace["traceEvents"]) {
    if (event["ph"] != "X") continue;
    EXPECT_GE(event["dur"].get<double>(), 0);
    ++complete;
  }
  EXPECT_EQ(complete, profile.host.size() + 2 * profile.launches.size());
}

}  // namespace
}  // namespace lemnos::train_tests
