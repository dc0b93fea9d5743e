// Steps in segments, on the CPU reference and on an adopted device: the same training as run(), cancelled without a
// loss, and nothing allocated on the way.
#include <chrono>
#include <thread>

#include "app_device.h"
#include "training.h"

namespace lemnos::embed_tests {
namespace {

constexpr Size kLarge = {.batch = 256, .features = 64, .hidden = 128};
constexpr double kShort = 100;  // microseconds: many segments, and dispatches in parts

void finish_steps(Program& program, uint64_t steps, double budget) {
  Advanced now;
  for (int calls = 0; now.total_steps < steps; ++calls) {
    ASSERT_LT(calls, 100000);
    std::this_thread::sleep_for(std::chrono::microseconds(50));  // what else a frame does
    ASSERT_EQ(program.advance({.microseconds = budget, .steps = static_cast<uint32_t>(steps - now.total_steps)}, &now),
              Status::ok);
  }
}

class Advance : public EmbedTest {};

TEST_F(Advance, TrainsBitForBitAsRunDoes) {
  const Device device = app().adopted();
  Training whole(device, kLarge), parts(device, kLarge, kShort);
  ASSERT_EQ(whole.program->run(5), Status::ok);
  finish_steps(*parts.program, 5, 500);
  EXPECT_EQ(whole.parameters(), parts.parameters());
  EXPECT_EQ(whole.loss_now(), parts.loss_now());
}

TEST_F(Advance, RunFinishesTheStepThatIsUnderWay) {
  const Device device = app().adopted();
  Training whole(device, kLarge), mixed(device, kLarge, kShort);
  ASSERT_EQ(whole.program->run(4), Status::ok);
  Advanced now;
  while (now.step_done == 0 && now.total_steps < 2)
    ASSERT_EQ(mixed.program->advance({.microseconds = 300}, &now), Status::ok);
  ASSERT_GT(now.step_done, 0);
  ASSERT_EQ(mixed.program->run(static_cast<uint32_t>(4 - now.total_steps)), Status::ok);
  EXPECT_EQ(whole.parameters(), mixed.parameters());
}

TEST_F(Advance, ACancelledStepLeavesNothing) {
  const Device device = app().adopted();
  Training training(device, kLarge, kShort), untouched(device, kLarge);
  ASSERT_EQ(training.program->run(2), Status::ok);
  ASSERT_EQ(untouched.program->run(2), Status::ok);
  int cancelled = 0;
  for (int i = 0; i < 20; ++i) {
    Advanced now;
    ASSERT_EQ(training.program->advance({.microseconds = 300, .steps = 1}, &now), Status::ok);
    if (now.total_steps > 2) break;
    if (now.step_done > 0) {
      training.program->cancel();
      ++cancelled;
    }
    EXPECT_EQ(training.parameters(), untouched.parameters());
  }
  EXPECT_GT(cancelled, 0);
  // What was dropped is done again from its beginning.
  ASSERT_EQ(untouched.program->run(1), Status::ok);
  Advanced now;
  while (now.total_steps < 3) ASSERT_EQ(training.program->advance({.microseconds = 1e6, .steps = 1}, &now), Status::ok);
  EXPECT_EQ(training.parameters(), untouched.parameters());
}

TEST_F(Advance, ParametersAreThoseOfAWholeStepBetweenCalls) {
  const Device device = app().adopted();
  Training training(device, kLarge, 1e-3), whole(device, kLarge);
  uint64_t steps = 0;
  for (int call = 0; steps < 3 && call < 5000; ++call) {
    Advanced now;
    ASSERT_EQ(training.program->advance({.microseconds = 300}, &now), Status::ok);
    if (now.total_steps > steps) {
      ASSERT_EQ(whole.program->run(static_cast<uint32_t>(now.total_steps - steps)), Status::ok);
    }
    steps = now.total_steps;
    EXPECT_EQ(training.parameters(), whole.parameters());
  }
  EXPECT_GE(steps, 3u);
}

TEST_F(Advance, AllocatesAndRecordsNothing) {
  Training training(app().adopted(), kLarge, kShort);
  ASSERT_EQ(training.program->advance({.microseconds = 1000}), Status::ok);
  const DeviceCounters before = training.session->counters();
  finish_steps(*training.program, 10, 2000);
  const DeviceCounters after = training.session->counters();
  EXPECT_EQ(after.allocations, before.allocations);
  EXPECT_EQ(after.pipelines, before.pipelines);
  EXPECT_EQ(after.command_buffers, before.command_buffers);
  EXPECT_EQ(after.waits, before.waits);
  EXPECT_GT(after.submits, before.submits);
}

TEST_F(Advance, AZeroBudgetDoesNothing) {
  Training training(app().adopted());
  Advanced now;
  ASSERT_EQ(training.program->advance({.microseconds = 0}, &now), Status::ok);
  EXPECT_EQ(now.segments, 0u);
  EXPECT_EQ(now.total_steps, 0u);
}

TEST_F(Advance, ADispatchLongerThanTheBudgetStillGetsItsTurn) {
  Training training(app().adopted(), kLarge, 1e6);
  const double step = training.program->step_microseconds();
  ASSERT_GT(step, 0);
  Advanced now;
  int calls = 0;
  // A machine that is busy with something else makes a launch many times as long as it was measured, and it is paid
  // for.
  for (; now.total_steps < 2 && calls < 200000; ++calls) {
    ASSERT_EQ(training.program->advance({.microseconds = step / 50}, &now), Status::ok);
    ASSERT_EQ(training.program->wait(), Status::ok);
  }
  EXPECT_EQ(now.total_steps, 2u);
  EXPECT_GT(calls, 10) << "it went as if it fitted";
}

TEST(AdvanceOnTheCpu, IsTheSameTrainingNodeByNode) {
  Training whole(Device::cpu()), parts(Device::cpu());
  ASSERT_EQ(whole.program->run(3), Status::ok);
  finish_steps(*parts.program, 3, 50);
  EXPECT_EQ(whole.parameters(), parts.parameters());
  Advanced now;
  ASSERT_EQ(parts.program->advance({.microseconds = 1, .steps = 1}, &now), Status::ok);
  EXPECT_GT(now.step_done, 0);
  parts.program->cancel();
  EXPECT_EQ(whole.parameters(), parts.parameters());
  ASSERT_EQ(whole.program->run(1), Status::ok);
  ASSERT_EQ(parts.program->run(1), Status::ok);
  EXPECT_EQ(whole.parameters(), parts.parameters());
}

}  // namespace
}  // namespace lemnos::embed_tests
