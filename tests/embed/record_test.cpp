// Steps in an application's command buffer, with the application's work before and after; its buffers as tensors; its
// semaphores; published weights.
#include <bit>
#include <cmath>

#include "app_device.h"
#include "lemnos/loop.h"
#include "lemnos/ops.h"
#include "lemnos/predictor.h"
#include "training.h"

namespace lemnos::embed_tests {
namespace {

constexpr VulkanScope kCopies = {VK_PIPELINE_STAGE_2_ALL_TRANSFER_BIT,
                                 VK_ACCESS_2_TRANSFER_WRITE_BIT | VK_ACCESS_2_TRANSFER_READ_BIT};

class Record : public EmbedTest {};

// An element-wise program over an imported buffer: what comes out shows what went in, and when.
struct Doubler {
  explicit Doubler(const Device& device, const VulkanBuffer& in) {
    x = graph.input("x", {{256}, DType::f32});
    y = x * 2.0f;
    session = device.open(graph);
    import_buffer(*session, x, in);
    program = session->compile({.targets = {y}});
  }
  Graph graph;
  Value x, y;
  std::unique_ptr<Session> session;
  std::unique_ptr<Program> program;
};

TEST_F(Record, BetweenTheApplicationsOwnCommands) {
  const VkBuffer theirs = app().buffer(4096), result = app().buffer(4096);
  Doubler doubler(app().adopted(), {theirs, 512, 1024});
  VulkanRunner runner(*doubler.program);
  const VulkanBuffer y = runner.buffer(doubler.y);
  for (int frame = 1; frame <= 3; ++frame) {
    const float value = static_cast<float>(frame) * 1.5f;
    const auto word = std::bit_cast<uint32_t>(value);
    const VkCommandBuffer commands = app().begin();
    app().barrier(commands, kCopies, kCopies);
    app().device_vk.vkCmdFillBuffer(commands, theirs, 512, 1024, word);
    Advanced now;
    const VulkanScope written = runner.record(commands, kOneStep, {.before = kCopies}, &now);
    EXPECT_EQ(now.steps, 1u);
    app().barrier(commands, written, kCopies);
    const VkBufferCopy region{y.offset, 0, 1024};
    app().device_vk.vkCmdCopyBuffer(commands, y.buffer, result, 1, &region);
    // The step's input is overwritten after it: only the order of commands keeps the two apart.
    app().device_vk.vkCmdFillBuffer(commands, theirs, 512, 1024, 0);
    app().end_and_submit(commands);
    app().wait_idle();
    EXPECT_EQ(app().floats({result, 0, 1024}), std::vector<float>(256, 2 * value));
  }
}

TEST_F(Record, LemnosPutsTheBarrierWhenTold) {
  const VkBuffer theirs = app().buffer(1024), result = app().buffer(1024);
  app().write(theirs, 0, std::vector<float>(256, 4));
  Doubler doubler(app().adopted(), {theirs, 0, 1024});
  VulkanRunner runner(*doubler.program);
  const VulkanBuffer y = runner.buffer(doubler.y);
  const VkCommandBuffer commands = app().begin();
  runner.record(commands, kOneStep, {.before = kCopies, .after = kCopies});
  const VkBufferCopy region{y.offset, 0, 1024};
  app().device_vk.vkCmdCopyBuffer(commands, y.buffer, result, 1, &region);
  app().end_and_submit(commands);
  EXPECT_EQ(app().floats({result, 0, 1024}), std::vector<float>(256, 8));
}

TEST_F(Record, TrainsBitForBitAsRunDoes) {
  constexpr Size kSize = {.batch = 128, .features = 64, .hidden = 64};
  const Device device = app().adopted();
  Training whole(device, kSize), frames(device, kSize, 100);
  ASSERT_EQ(whole.program->run(6), Status::ok);
  VulkanRunner runner(*frames.program);
  Advanced now;
  int recorded = 0;
  for (; now.total_steps < 6 && recorded < 5000; ++recorded) {
    const VkCommandBuffer commands = app().begin();
    runner.record(commands, {.microseconds = 700, .steps = static_cast<uint32_t>(6 - now.total_steps)}, {}, &now);
    app().end_and_submit(commands);
    if (recorded % 4 == 3) app().wait_idle();
  }
  EXPECT_GT(recorded, 1);
  EXPECT_EQ(whole.parameters(), frames.parameters());
}

TEST_F(Record, AllocatesNothing) {
  Training training(app().adopted());
  VulkanRunner runner(*training.program);
  runner.publish();
  const DeviceCounters before = training.session->counters();
  for (int i = 0; i < 20; ++i) {
    const VkCommandBuffer commands = app().begin();
    runner.record(commands, {.microseconds = 2000});
    app().end_and_submit(commands);
    (void)runner.published();
  }
  const DeviceCounters after = training.session->counters();
  EXPECT_EQ(after.allocations, before.allocations);
  EXPECT_EQ(after.pipelines, before.pipelines);
  EXPECT_EQ(after.command_buffers, before.command_buffers);
  EXPECT_EQ(after.submits, before.submits) << "record submits nothing";
  EXPECT_EQ(after.waits, before.waits) << "record waits for nothing";
}

// A model that answers inside the application's frame: features from one of its buffers, outputs to another.
TEST_F(Record, APredictorInTheApplicationsCommands) {
  constexpr int64_t kRows = 5, kFeatures = 7, kOut = 3;
  Trainer trainer{app().adopted(), nn::sequential({nn::Linear{.out = 16}, nn::Relu{}, nn::Linear{.out = kOut}})};
  std::vector<float> features;
  for (int i = 0; i < kRows * kFeatures; ++i) features.push_back(std::sin(static_cast<float>(i)));
  const std::vector<float> want = trainer.predict({.x = data::Array::floats({kRows, kFeatures}, features)});
  Predictor predictor(trainer, 8);
  const Predictor::Part part = predictor.part(kRows);
  ASSERT_GE(part.rows, kRows);
  const VulkanBuffer x = export_buffer(part.session, part.inputs[0]);
  VulkanRunner runner(part.program);
  const VulkanBuffer y = runner.buffer(part.outputs[0]);

  const VkDeviceSize in_bytes = kRows * kFeatures * sizeof(float), out_bytes = kRows * kOut * sizeof(float);
  const VkBuffer theirs = app().buffer(in_bytes), answers = app().buffer(out_bytes);
  for (const float sign : {1.0f, -1.0f, 1.0f}) {
    std::vector<float> now = features;
    for (float& v : now) v *= sign;
    app().write(theirs, 0, now);
    const VkCommandBuffer commands = app().begin();
    const VkBufferCopy in{0, x.offset, in_bytes}, out{y.offset, 0, out_bytes};
    app().device_vk.vkCmdCopyBuffer(commands, theirs, x.buffer, 1, &in);
    runner.record(commands, kOneStep, {.before = kCopies, .after = kCopies});
    app().device_vk.vkCmdCopyBuffer(commands, y.buffer, answers, 1, &out);
    app().end_and_submit(commands);
    app().wait_idle();
    const std::vector<float> said = app().floats({answers, 0, out_bytes});
    if (sign > 0)
      EXPECT_EQ(said, want);
    else
      EXPECT_NE(said, want) << "the features of this frame were not read";
  }
}

// Counted by the device: an iteration after a loop's end launches none of the body's workgroups.
TEST_F(Record, ALoopThatHasEndedDoesNoMoreWork) {
  AppDevice own(AppDevice::Chain::theirs);
  constexpr int64_t kWide = 1 << 16, kLast = 3;
  const auto work = [&](int64_t times, bool stops) -> std::optional<uint64_t> {
    Graph graph;
    const Value table = graph.constant({kWide}, std::vector<float>(kWide, 1)), one = ones(graph, {1});
    const LoopResults loop = repeat(times, {one}, {}, [&](LoopBody& b) {
      const Value x = b.carried(), next = x + sum(square(b.capture(table) + x)) * 1e-9f;
      LoopStep step{{next}, {next}};
      if (stops) step.stop = equal(b.index(), full(b.graph(), {1}, kLast - 1, DType::i32));
      return step;
    });
    const auto session = own.adopted().open(graph);
    const auto program = session->compile({.targets = {loop.carried[0], loop.stacked[0]}});
    VulkanRunner runner(*program);
    return own.invocations([&](VkCommandBuffer commands) { runner.record(commands, kOneStep); });
  };
  const std::optional<uint64_t> ended = work(40, true), last = work(kLast, true), whole = work(40, false);
  if (!ended) GTEST_SKIP() << "the device has no pipeline statistics";
  const uint64_t iteration = *whole / 40;
  EXPECT_GE(iteration, uint64_t{kWide} / 4);
  EXPECT_GE(*last, kLast * iteration);
  EXPECT_LE(*ended - *last, (40 - kLast) * iteration / 20) << "37 iterations may cost a twentieth";
}

TEST_F(Record, HostWritesWaitForTheApplicationsSubmissions) {
  Training training(app().adopted());
  VulkanRunner runner(*training.program);
  for (int i = 0; i < 3; ++i) {
    const VkCommandBuffer commands = app().begin();
    runner.record(commands, kOneStep);
    app().end_and_submit(commands);
    training.session->write(training.x, Training::inputs({}));
  }
  Training whole(app().adopted());
  ASSERT_EQ(whole.program->run(3), Status::ok);
  EXPECT_EQ(whole.parameters(), training.parameters());
}

TEST_F(Record, ForeignSemaphoresOrderSubmissions) {
  const VkBuffer theirs = app().buffer(1024), result = app().buffer(1024);
  Doubler doubler(app().adopted(), {theirs, 0, 1024});
  VulkanRunner runner(*doubler.program);
  const VulkanBuffer y = runner.buffer(doubler.y);
  const VkSemaphore drawn = app().timeline(), trained = app().timeline();
  for (uint64_t frame = 1; frame <= 3; ++frame) {
    const VkCommandBuffer before = app().begin();
    app().device_vk.vkCmdFillBuffer(before, theirs, 0, 1024, 0x40400000u);  // 3.0f
    app().end_and_submit(before, frame > 1 ? trained : VK_NULL_HANDLE, frame - 1, drawn, frame);
    const VulkanSemaphore wait{drawn, frame}, signal{trained, frame};
    Advanced now;
    ASSERT_EQ(runner.submit(kOneStep, {&wait, 1}, {&signal, 1}, &now), Status::ok);
    EXPECT_EQ(now.steps, 1u);
    const VkCommandBuffer after = app().begin();
    const VkBufferCopy region{y.offset, 0, 1024};
    app().device_vk.vkCmdCopyBuffer(after, y.buffer, result, 1, &region);
    app().end_and_submit(after, trained, frame);
    app().wait_idle();
    EXPECT_EQ(app().floats({result, 0, 1024}), std::vector<float>(256, 6));
  }
}

TEST_F(Record, ASignalComesEvenWhenNothingFits) {
  Training training(app().adopted());
  VulkanRunner runner(*training.program);
  const VkSemaphore done = app().timeline();
  const VulkanSemaphore signal{done, 7};
  Advanced now;
  ASSERT_EQ(runner.submit({.microseconds = 0}, {}, {&signal, 1}, &now), Status::ok);
  EXPECT_EQ(now.segments, 0u);
  app().wait_idle();
  EXPECT_EQ(app().value_of(done), 7u);
}

TEST_F(Record, NothingRunsBeforeTheWait) {
  Training training(app().adopted());
  const std::vector<float> before = training.parameters();
  VulkanRunner runner(*training.program);
  const VkSemaphore gate = app().timeline();
  const VulkanSemaphore wait{gate, 1};
  Advanced now;
  ASSERT_EQ(runner.submit(kOneStep, {&wait, 1}, {}, &now), Status::ok);
  ASSERT_EQ(now.steps, 1u);
  // The weights cannot be looked at before the gate opens: everything on the queue waits behind it.
  EXPECT_EQ(training.program->advance({.microseconds = 0}), Status::ok);
  app().signal(gate, 1);
  ASSERT_EQ(training.program->wait(), Status::ok);
  EXPECT_NE(training.parameters(), before);
}

TEST_F(Record, PublishedWeightsAreThoseOfAWholeStep) {
  constexpr Size kSize = {.batch = 128, .features = 64, .hidden = 64};
  const Device device = app().adopted();
  Training training(device, kSize, 100), whole(device, kSize);
  VulkanRunner runner(*training.program);
  EXPECT_EQ(runner.published().parameters.buffer, VkBuffer(VK_NULL_HANDLE));
  runner.publish(2);
  EXPECT_EQ(app().floats(runner.published().parameters), whole.parameters()) << "the weights at the start";
  uint64_t steps = 0;
  std::vector<VkBuffer> seen;
  for (int call = 0; steps < 5 && call < 2000; ++call) {
    Advanced now;
    ASSERT_EQ(runner.submit({.microseconds = 400, .steps = 1}, {}, {}, &now), Status::ok);
    ASSERT_EQ(training.program->wait(), Status::ok);
    const Published published = runner.published();
    EXPECT_EQ(published.steps, now.total_steps);
    if (published.steps == steps) continue;
    ASSERT_EQ(whole.program->run(static_cast<uint32_t>(published.steps - steps)), Status::ok);
    steps = published.steps;
    seen.push_back(published.parameters.buffer);
    EXPECT_EQ(app().floats(published.parameters), whole.parameters()) << "after " << steps << " steps";
    EXPECT_NE(published.ready.semaphore, VkSemaphore(VK_NULL_HANDLE));
    EXPECT_GE(app().value_of(published.ready.semaphore), published.ready.value);
  }
  ASSERT_GE(seen.size(), 2u);
  EXPECT_NE(seen[0], seen[1]) << "the copies take turns";
  EXPECT_EQ(runner.offset_of(training.hidden_weight) % 256, 0u);
}

TEST_F(Record, RunAndRecordPublishToo) {
  const Device device = app().adopted();
  Training training(device), whole(device);
  VulkanRunner runner(*training.program);
  runner.publish(3);
  ASSERT_EQ(training.program->run(4), Status::ok);
  ASSERT_EQ(whole.program->run(4), Status::ok);
  EXPECT_EQ(runner.published().steps, 4u);
  EXPECT_EQ(app().floats(runner.published().parameters), whole.parameters());
  const VkCommandBuffer commands = app().begin();
  runner.record(commands, {.microseconds = 1e9, .steps = 2});
  app().end_and_submit(commands);
  ASSERT_EQ(whole.program->run(2), Status::ok);
  EXPECT_EQ(runner.published().steps, 6u);
  EXPECT_EQ(app().floats(runner.published().parameters), whole.parameters());
}

TEST_F(Record, AnExportedValueIsTheTensor) {
  Training training(app().adopted());
  const VulkanBuffer x = export_buffer(*training.session, training.x);
  EXPECT_EQ(x.size, Training::inputs({}).size() * sizeof(float));
  EXPECT_EQ(app().floats(x), Training::inputs({}));
}

}  // namespace
}  // namespace lemnos::embed_tests
