// Data that is read while the device computes: the same training as with all of it on the device, in two windows of
// memory; whole epochs in an order of their own; and what a source must not do.

#include <algorithm>
#include <chrono>
#include <future>

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
  const data::Dataset set = points(96);
  Trainer resident = small_trainer(device());
  const History want = resident.fit(set, quiet(3));
  // Windows that do and do not divide the epoch, and one that holds several epochs.
  for (const int64_t window : {8, 16, 40, 400}) {
    Trainer streamed = small_trainer(device());
    data::Source source = data::source_of(set);
    source.window = window;
    const History got = streamed.fit(source, quiet(3));
    EXPECT_EQ(got["loss"], want["loss"]) << "windows of " << window;
    EXPECT_EQ(weights(streamed), weights(resident)) << "windows of " << window;
    EXPECT_EQ(streamed.steps_done(), 36);
    EXPECT_GT(got["load_seconds"].front(), 0);
    EXPECT_EQ(streamed.graph().find("train0.x").shape()[0], 2 * window) << "two windows and no more";
  }
}

TEST_P(Stream, AnEpochIsItsWholeBatchesInAnotherOrder) {
  const data::Dataset set = points(50);
  std::vector<std::vector<int64_t>> read;
  data::Source source = data::source_of(set);
  source.window = kBatch;
  source.read = [&, from = data::source_of(set)](std::span<const int64_t> rows, std::span<std::byte* const> columns) {
    read.emplace_back(rows.begin(), rows.end());
    from.read(rows, columns);
  };
  Trainer trainer = small_trainer(device());
  trainer.fit(source, quiet(2, true));
  EXPECT_EQ(trainer.steps_done(), 2 * 6);
  ASSERT_GE(read.size(), 12u);
  std::vector<int64_t> first, second;
  for (size_t i = 0; i < 12; ++i)
    (i < 6 ? first : second).insert((i < 6 ? first : second).end(), read[i].begin(), read[i].end());
  EXPECT_NE(first, second);
  for (std::vector<int64_t>* epoch : {&first, &second}) {
    std::ranges::sort(*epoch);
    EXPECT_EQ(std::ranges::unique(*epoch).size(), 0u) << "a row came twice";
  }
  const size_t before = read.size();
  trainer.fit(source, quiet(1, true));
  std::vector<int64_t> third;
  for (size_t i = before; i < before + 6; ++i) third.insert(third.end(), read[i].begin(), read[i].end());
  EXPECT_NE(read[0], read[before]) << "the next fit begins another epoch";
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
  source.rows = 5;
  EXPECT_EQ(refusal(source), "source: 5 rows make no batch of 8");
  source = data::source_of(set);
  source.like.classes = 1;
  EXPECT_NE(refusal(source).find("is not below 1 classes"), std::string::npos);
  source = data::source_of(set);
  source.read = [](std::span<const int64_t>, std::span<std::byte* const>) {
    throw std::runtime_error("the tape is torn");
  };
  EXPECT_EQ(refusal(source), "the tape is torn");
  optim::UpdateOptions by_epoch;
  by_epoch.schedule = optim::Schedule{optim::Exponential{}, true};
  EXPECT_NE(refusal(data::source_of(set), {.update = by_epoch}).find("give the schedule in steps"), std::string::npos);
}

}  // namespace
}  // namespace lemnos::train_tests
