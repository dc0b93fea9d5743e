// A replayed step only submits: nothing is allocated, compiled or recorded, and the host is not asked in between.

#include "train/support.h"

namespace lemnos::train_tests {
namespace {

class Replay : public TrainTest {
 protected:
  void SetUp() override {
    TrainTest::SetUp();
    if (!IsSkipped() && !on_vulkan()) GTEST_SKIP() << "the CPU backend has no counters";
  }
};
INSTANTIATE_TEST_SUITE_P(On, Replay, testing::Values("vulkan"), [](const auto&) { return "vulkan"; });

void expect_nothing_made(const DeviceCounters& before, const DeviceCounters& after) {
  EXPECT_EQ(after.allocations, before.allocations);
  EXPECT_EQ(after.pipelines, before.pipelines);
  EXPECT_EQ(after.command_buffers, before.command_buffers);
}

TEST_P(Replay, HundredStepsMakeNothingAndDoNotWait) {
  Trainer trainer = small_trainer(device());
  trainer.begin(points(), kBatch);
  trainer.step(3);
  const DeviceCounters before = trainer.session().counters();
  ASSERT_GT(before.allocations, 0u);
  ASSERT_GT(before.pipelines, 0u);
  ASSERT_GT(before.command_buffers, 0u);

  ASSERT_EQ(trainer.step_program()->run(100), Status::ok);
  const DeviceCounters handed_over = trainer.session().counters();
  expect_nothing_made(before, handed_over);
  EXPECT_LE(handed_over.submits - before.submits, 2u);  // a submission holds some dozens of steps
  EXPECT_EQ(handed_over.waits, before.waits);
  EXPECT_EQ(trainer.steps_done(), 103);
}

TEST_P(Replay, WithItsMetrics) {
  Trainer trainer = small_trainer(device());
  trainer.begin(points(), kBatch);
  trainer.step(3);
  const auto cost = [&](int64_t steps) {
    const DeviceCounters before = trainer.session().counters();
    EXPECT_GT(trainer.step(steps).samples, 0);
    const DeviceCounters after = trainer.session().counters();
    expect_nothing_made(before, after);
    return std::pair(after.submits - before.submits, after.waits - before.waits);
  };
  const auto one = cost(1), hundred = cost(100);
  EXPECT_EQ(hundred.second, one.second) << "waits: the metrics of all steps are fetched at once";
  EXPECT_LE(hundred.first, one.first + 1) << "submits";
  EXPECT_LE(one.first, 3u) << "submits";
}

TEST_P(Replay, EvaluationToo) {
  Trainer trainer = small_trainer(device());
  const data::Dataset set = points();
  trainer.begin(set, kBatch);
  trainer.step(1);
  (void)trainer.evaluate(set, 6);
  const DeviceCounters before = trainer.session().counters();
  (void)trainer.evaluate(set, 6);
  expect_nothing_made(before, trainer.session().counters());
}

}  // namespace
}  // namespace lemnos::train_tests
