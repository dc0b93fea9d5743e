// Data that is read while the device computes: the same training as with all of it on the device, in two windows of
// memory, shuffled or not, with a short last batch; and what a source must not do.

#include <algorithm>
#include <chrono>
#include <future>

#include "api/preset_device.h"
#include "lemnos/schedule.h"
#include "train/support.h"

namespace lemnos::train_tests {
namespace {

class Stream : public TrainTest {
 protected:
  static FitOptions quiet(int64_t epochs, bool shuffle = false) {
    return {.epochs = epochs, .batch_size = kBatch, .shuffle = shuffle, .verbosity = Verbosity::silent};
  }
  static std::vector<float> weights(Trainer& trainer) {
    std::vector<float> all;
    for (Value p : trainer.graph().parameters()) {
      const std::vector<float> one = trainer.session().read_floats(p);
      all.insert(all.end(), one.begin(), one.end());
    }
    return all;
  }
};
LEMNOS_ON_EVERY_DEVICE(Stream);

TEST_P(Stream, TrainsAsTheResidentSetDoes) {
  for (const int64_t rows : {96, 50})
    for (const bool shuffle : {false, true}) {
      const data::Dataset set = points(rows);
      Trainer resident = small_trainer(device());
      const History want = resident.fit(set, quiet(3, shuffle));
      // Windows that do and do not divide the epoch, and one that holds all of it.
      for (const int64_t window : {8, 16, 40, 400}) {
        Trainer streamed = small_trainer(device());
        data::Source source = data::source_of(set);
        source.window = window;
        const History got = streamed.fit(source, quiet(3, shuffle));
        EXPECT_EQ(got["loss"], want["loss"]) << rows << " rows, windows of " << window;
        EXPECT_EQ(weights(streamed), weights(resident)) << rows << " rows, windows of " << window;
        EXPECT_EQ(streamed.steps_done(), resident.steps_done());
        EXPECT_GT(got["load_seconds"].front(), 0);
      }
    }
}

TEST_P(Stream, GoesOnWhereAnEarlierFitEnded) {
  const data::Dataset set = points(50);
  Trainer resident = small_trainer(device()), streamed = small_trainer(device());
  data::Source source = data::source_of(set);
  source.window = 2 * kBatch;
  resident.fit(set, quiet(1, true));
  resident.fit(set, quiet(2, true));
  streamed.fit(source, quiet(1, true));
  streamed.fit(source, quiet(2, true));
  EXPECT_EQ(weights(streamed), weights(resident));
}

TEST_P(Stream, SchedulesCountItsEpochs) {
  const data::Dataset set = points(50);
  TrainerOptions options;
  options.update.schedule = optim::Schedule{optim::Exponential{.gamma = .5f}, true};
  Trainer resident{device(), small_model(), options}, streamed{device(), small_model(), options};
  EXPECT_EQ(streamed.fit(data::source_of(set), quiet(3))["learning_rate"],
            resident.fit(set, quiet(3))["learning_rate"]);
}

TEST_P(Stream, JudgesAndPredictsAsTheResidentSet) {
  const data::Dataset set = points(50);
  Trainer trainer = small_trainer(device());
  trainer.fit(set, quiet(1));
  data::Source source = data::source_of(set);
  source.window = 2 * kBatch;
  const Metrics want = trainer.evaluate(set, kBatch), got = trainer.evaluate(source, kBatch);
  EXPECT_EQ(got.samples, 50);
  EXPECT_EQ(got.loss, want.loss);
  EXPECT_EQ(got.accuracy, want.accuracy);
  EXPECT_EQ(trainer.predict(source, kBatch), trainer.predict(set, kBatch));
}

// What a device cannot bind, or has no room for, goes through windows by itself.
TEST(LargeDataset, GoesThroughWindowsWithTheSameBits) {
  constexpr int64_t kRows = 3000, kWide = 4000;  // 48 MB of floats; this device has room for 32 MiB
  data::Dataset set = points(kRows);
  std::vector<float> wide(static_cast<size_t>(kRows * kWide));
  for (size_t i = 0; i < wide.size(); ++i) wide[i] = static_cast<float>(i * 2654435761u % 1000) / 1000;
  set.x = data::Array::floats({kRows, kWide}, wide);
  std::optional<Device> poor, rich;
  try {
    rich = Device::find("best");
    poor = find_device("best", "little-memory");
  } catch (const Error& error) {
    GTEST_SKIP() << "no Vulkan device: " << error.what();
  }
  if (rich->info().type == DeviceType::cpu_reference) GTEST_SKIP() << "no Vulkan device";
  const FitOptions options{.epochs = 1, .batch_size = 500, .shuffle = true, .verbosity = Verbosity::silent};
  Trainer one{*rich, small_model(4)}, other{*poor, small_model(4)};
  for (Trainer* trainer : {&one, &other}) {  // back to an earlier batch in the middle of an epoch
    trainer->begin(set, 500);
    trainer->step(2);
    const Snapshot there = trainer->snapshot();
    trainer->step(3);
    trainer->restore(there);
    trainer->step(4);
  }
  EXPECT_TRUE(same(state_of(one), state_of(other)));
  const History want = one.fit(set, options), got = other.fit(set, options);
  EXPECT_EQ(got["loss"], want["loss"]);
  EXPECT_EQ(state_of(one), state_of(other));
  EXPECT_EQ(other.evaluate(set).loss, one.evaluate(set).loss);
  EXPECT_EQ(other.predict(set), one.predict(set));
}

// The host looks at steps while the next window is being read: that reading ends only when it has.
TEST_P(Stream, IsReadWhileTheHostWatches) {
  const data::Dataset set = points(64);
  std::promise<void> watched;
  std::shared_future<void> seen = watched.get_future().share();
  int windows = 0, steps = 0;
  bool in_time = false;
  data::Source source = data::source_of(set);
  source.window = 4 * kBatch;
  source.read = [&, from = source.read](std::span<const int64_t> rows, std::span<std::byte* const> columns) {
    if (++windows == 2) in_time = seen.wait_for(std::chrono::seconds(20)) == std::future_status::ready;
    from(rows, columns);
  };
  Trainer trainer = small_trainer(device());
  FitOptions options = quiet(1);
  options.on_progress = [&](const Progress&) {
    if (++steps == 1) watched.set_value();
    return true;
  };
  trainer.fit(source, options);
  EXPECT_TRUE(in_time) << "the host waited for the window before it looked at the first steps";
  EXPECT_GE(windows, 2);
}

TEST_P(Stream, MistakesOfASource) {
  const data::Dataset set = points(50);
  const auto refusal = [&](data::Source source, TrainerOptions options = {}) -> std::string {
    Trainer trainer{device(), small_model(), options};
    try {
      trainer.fit(source, quiet(1));
    } catch (const std::exception& error) {
      return error.what();
    }
    return "nothing was thrown";
  };
  data::Source source = data::source_of(set);
  source.window = 7;
  EXPECT_EQ(refusal(source), "source: a window of 7 rows holds no batch of 8");
  source = data::source_of(set);
  source.rows = 0;
  EXPECT_EQ(refusal(source), "source: 0 rows in batches of 8");
  source = data::source_of(set);
  source.like.classes = 1;
  EXPECT_NE(refusal(source).find("is not below 1 classes"), std::string::npos);
  source = data::source_of(set);
  source.read = [](std::span<const int64_t>, std::span<std::byte* const>) {
    throw std::runtime_error("the tape is torn");
  };
  EXPECT_EQ(refusal(source), "the tape is torn");
}

}  // namespace
}  // namespace lemnos::train_tests
