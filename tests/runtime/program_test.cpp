// Programs: steps in a row and in pieces, what can be read, what is counted.
#include <algorithm>

#include "lemnos/ops.h"
#include "lemnos/session.h"
#include "tests/devices.h"
#include "tests/error_of.h"

namespace lemnos {
namespace {

/// Counts its steps in a variable: each adds one pair of classes to a matrix at its end.
struct Counter {
  explicit Counter(const Device& device) {
    const std::vector<int32_t> one{1};
    const Value truth = graph.constant({{1}, DType::i32}, std::as_bytes(std::span(one)));
    counts = graph.variable("counts", {{2, 2}, DType::u32});
    x = graph.input("x", {{4, 8}, DType::f32});
    y = sum(square(x));
    const Value predicted = cast(reshape(stop_gradient(y * 0.f), {1}), DType::i32);
    after = confusion_count(counts, predicted, truth);
    session = device.open(graph);
    program = session->compile({.targets = {after, y}});
  }
  float steps() { return session->read_floats(counts)[2]; }  // [truth 1, predicted 0]

  Graph graph;
  Value counts, x, y, after;
  std::unique_ptr<Session> session;
  std::unique_ptr<Program> program;
};

TEST(Program, RunsTheGivenNumberOfSteps) {
  on_every_device([](const Device& device) {
    Counter counter(device);
    EXPECT_EQ(counter.steps(), 0);
    ASSERT_EQ(counter.program->run(), Status::ok);
    ASSERT_EQ(counter.program->run(5), Status::ok);
    ASSERT_EQ(counter.program->run(0), Status::ok);
    ASSERT_EQ(counter.program->wait(), Status::ok);
    EXPECT_EQ(counter.steps(), 6);
    const std::vector<float> ones(32, 1);
    counter.session->write(counter.x, ones);
    ASSERT_EQ(counter.program->run(), Status::ok);
    EXPECT_EQ(counter.program->read_floats(counter.y), std::vector<float>{32});
  });
}

TEST(Program, SharesTheSessionsMemoryWithOthers) {
  on_every_device([](const Device& device) {
    Counter counter(device);
    const auto beside = counter.session->compile({.targets = {counter.after}});
    const auto bystander = counter.session->compile({.targets = {counter.y}});
    ASSERT_EQ(counter.program->run(2), Status::ok);
    ASSERT_EQ(beside->run(3), Status::ok);
    ASSERT_EQ(bystander->run(4), Status::ok);
    EXPECT_EQ(counter.steps(), 5);
    counter.program.reset();  // its session and the others stay
    ASSERT_EQ(beside->run(), Status::ok);
    EXPECT_EQ(counter.steps(), 6);
    EXPECT_EQ(beside->read_floats(counter.counts), (std::vector<float>{0, 0, 6, 0}));
  });
}

TEST(Program, AdvancesByStepsAndByTheBudget) {
  on_every_device([](const Device& device) {
    Counter counter(device);
    Advanced now;
    ASSERT_EQ(counter.program->advance({.microseconds = 0}, &now), Status::ok);
    EXPECT_EQ(now.segments, 0u);
    EXPECT_EQ(counter.steps(), 0);
    ASSERT_EQ(counter.program->advance({.microseconds = 1e9, .steps = 2}, &now), Status::ok);
    EXPECT_EQ(now.steps, 2u);
    EXPECT_EQ(now.total_steps, 2u);
    EXPECT_EQ(now.step_done, 0);
    EXPECT_GE(now.segments, 2u);
    EXPECT_EQ(counter.steps(), 2);
    ASSERT_EQ(counter.program->advance({.microseconds = 1e9, .steps = 1}), Status::ok);  // nobody asks
    ASSERT_EQ(counter.program->run(2), Status::ok);
    ASSERT_EQ(counter.program->advance({.microseconds = 1e9, .steps = 1}, &now), Status::ok);
    EXPECT_EQ(now.total_steps, 6u) << "those of run() count too";
    EXPECT_EQ(counter.steps(), 6);
    EXPECT_GT(counter.program->step_microseconds(), 0);
  });
}

TEST(Program, ACancelledStepChangesNothing) {
  on_every_device([](const Device& device) {
    Counter counter(device);
    counter.program->cancel();  // nothing is under way
    ASSERT_EQ(counter.program->run(1), Status::ok);
    for (int i = 0; i < 5; ++i) {
      Advanced now;
      ASSERT_EQ(counter.program->advance({.microseconds = 1e-3}, &now), Status::ok);
      if (now.step_done > 0) counter.program->cancel();
      EXPECT_EQ(counter.steps(), static_cast<float>(now.total_steps)) << "a part of a step is seen";
    }
    const float before = counter.steps();
    ASSERT_EQ(counter.program->run(1), Status::ok);  // from its beginning
    EXPECT_EQ(counter.steps(), before + 1);
  });
}

TEST(Program, RefusesToReadWhatItDoesNotKeep) {
  on_every_device([](const Device& device) {
    Graph graph, other;
    const Value x = graph.input("x", {{4}, DType::f32}), y = relu(x), beside = tanh(x);
    const Value stranger = other.input("x", {{4}, DType::f32});
    const auto session = device.open(graph);
    const auto program = session->compile({.targets = {y}});
    ASSERT_EQ(program->run(), Status::ok);
    std::vector<std::byte> whole(16), part(12);
    program->read(y, whole);
    program->read(x, whole);  // persistent memory
    EXPECT_EQ(error_of([&] { program->read(beside, whole); }).code(), ErrorCode::not_found);
    const Error size = error_of([&] { program->read(y, part); });
    EXPECT_EQ(size.code(), ErrorCode::shape_mismatch);
    EXPECT_STREQ(size.what(), "read: 12 bytes for f32[4]");
    EXPECT_STREQ(error_of([&] { program->read(stranger, whole); }).what(),
                 "read: value %0 f32[4] belongs to another graph");
    EXPECT_STREQ(error_of([&] { program->read(Value(), whole); }).what(), "read: the value is empty");
    EXPECT_EQ(error_of([&] { (void)program->read_floats(Value()); }).code(), ErrorCode::invalid_argument);
  });
}

TEST(Program, IsCorrectAfterItsMemoryWasPoisoned) {
  on_every_device([](const Device& device) {
    Graph graph;
    const std::vector<float> numbers{1, 4, 9};
    const Value y = sqrt(graph.constant({3}, numbers)) + 1.f;
    const auto session = device.open(graph);
    const auto program = session->compile({.targets = {y}});
    program->poison();
    ASSERT_EQ(program->run(), Status::ok);
    EXPECT_EQ(program->read_floats(y), (std::vector<float>{2, 3, 4}));
  });
}

TEST(Program, DescribesItself) {
  on_every_device([](const Device& device) {
    Counter counter(device);
    EXPECT_GE(counter.program->summary().dispatches, 2u);
    EXPECT_NE(counter.program->describe().find("confusion_count"), std::string::npos) << counter.program->describe();
  });
}

TEST(Program, ProfilesEveryLaunchOfEveryStep) {
  on_every_device([](const Device& device) {
    Counter counter(device);
    const Profile profile = counter.program->profile(3);
    EXPECT_EQ(counter.steps(), 6) << "half as run() does, half one launch after another";
    EXPECT_EQ(profile.device, device.info().name);
    EXPECT_EQ(profile.steps, 3u);
    EXPECT_GT(profile.replayed_microseconds, 0);
    EXPECT_TRUE(
        std::ranges::any_of(profile.launches, [](const LaunchProfile& l) { return l.op == "confusion_count"; }));
    for (const LaunchProfile& launch : profile.launches) {
      if (launch.op == "reshape" || launch.op == "stop_gradient") continue;  // nothing runs
      ASSERT_EQ(launch.steps.size(), 3u) << launch.op;
      for (const Interval& when : launch.steps) EXPECT_LE(when.begin, when.end) << launch.op;
      EXPECT_GE(launch.groups, 1u) << launch.op;
    }
    EXPECT_NE(profile.table().find("confusion_count"), std::string::npos);
  });
}

TEST(Program, CreatesNothingWhileItRuns) {
  on_every_device([](const Device& device) {
    Counter counter(device);
    ASSERT_EQ(counter.program->run(), Status::ok);
    ASSERT_EQ(counter.program->wait(), Status::ok);
    const DeviceCounters before = counter.session->counters();
    ASSERT_EQ(counter.program->run(10), Status::ok);
    const DeviceCounters after = counter.session->counters();
    EXPECT_EQ(after.allocations, before.allocations);
    EXPECT_EQ(after.pipelines, before.pipelines);
    EXPECT_EQ(after.command_buffers, before.command_buffers);
    EXPECT_EQ(after.waits, before.waits);
    const bool counts = device.info().type != DeviceType::cpu_reference;
    EXPECT_EQ(after.submits - before.submits, counts ? 1u : 0u);
  });
}

// Also of a window that is taken in two steps.
TEST(Eval, TheElementAtTheIndexOfAMaximumIsTheMaximum) {
  on_every_device([](const Device& device) {
    for (const int64_t kernel : {2, 3, 256}) {
      Graph graph;
      constexpr int64_t kPlane = 259 * 261;
      std::vector<float> values(2 * kPlane);
      for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i * 7919 % 10007);
      const Value x = graph.constant({2, 1, 259, 261}, values);
      const Pool2dOptions options{.kernel = {kernel, kernel}, .stride = {3, 2}};
      const Value first = reshape(range(graph, 0, 2 * kPlane, kPlane), Shape{2, 1, 1, 1});
      const Value there = gather(reshape(x, Shape{2 * kPlane}), max_pool2d_indices(x, options) + first);
      EXPECT_EQ(eval(device, there), eval(device, max_pool2d(x, options))) << kernel;
      EXPECT_EQ(eval(device, 1 - 2 / graph.scalar(8)), std::vector<float>{.75f});
    }
  });
}

TEST(Eval, ComputesAValueFromItsConstants) {
  on_every_device([](const Device& device) {
    Graph graph;
    const std::vector<float> numbers{1, 2, 3, 4};
    const Value a = graph.constant({2, 2}, numbers), input = graph.input("input", {{2, 2}, DType::f32});
    EXPECT_EQ(eval(device, matmul(a, a)), (std::vector<float>{7, 10, 15, 22}));
    EXPECT_EQ(eval(device, a + input), numbers) << "inputs hold zeros";
    EXPECT_EQ(eval(device, cast(a, DType::i32)), numbers);
    EXPECT_EQ(error_of([&] { (void)eval(device, Value()); }).code(), ErrorCode::invalid_argument);
  });
}

}  // namespace
}  // namespace lemnos
