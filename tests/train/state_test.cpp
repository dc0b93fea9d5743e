// What was learned lives on its own: programs for other batch sizes, data sets and uses come, fail and go, and change
// nothing.

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "api/preset_device.h"
#include "lemnos/predictor.h"
#include "train/support.h"

namespace lemnos::train_tests {
namespace {

class State : public TrainTest {
 protected:
  static FitOptions quiet(int64_t epochs, int64_t batch = kBatch) {
    return {.epochs = epochs, .batch_size = batch, .verbosity = Verbosity::silent};
  }
  static std::string message_of(const std::function<void()>& act) {
    try {
      act();
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }
};
LEMNOS_ON_EVERY_DEVICE(State);

TEST_P(State, AnotherBatchSizeGoesOnFromWhatWasLearned) {
  const data::Dataset set = points(64);
  Trainer trainer = small_trainer(device());
  trainer.fit(set, quiet(3));
  const Metrics before = trainer.evaluate(set);
  const Snapshot learned = trainer.snapshot();
  trainer.begin(set, 16);
  const Snapshot now = trainer.snapshot();
  ASSERT_EQ(now.tensors.size(), learned.tensors.size());
  for (size_t i = 0; i < now.tensors.size(); ++i) {
    if (now.tensors[i].name == "state/step_state") continue;  // it knows how many batches there are
    EXPECT_EQ(now.tensors[i].bytes, learned.tensors[i].bytes) << now.tensors[i].name;
  }
  EXPECT_EQ(trainer.steps_done(), 3 * 8);
  EXPECT_EQ(trainer.evaluate(set).loss, before.loss);
  trainer.fit(set, quiet(1, 16));
  EXPECT_EQ(trainer.steps_done(), 3 * 8 + 4);
}

TEST_P(State, AFitThatFailsLeavesEverythingAsItWas) {
  const data::Dataset set = points(64);
  Trainer trainer = small_trainer(device());
  trainer.fit(set, quiet(3));
  const std::vector<char> state = state_of(trainer);
  data::Dataset wide = set;
  wide.x = data::Array::floats({64, kFeatures + 1}, std::vector<float>(64 * (kFeatures + 1)));
  EXPECT_NE(message_of([&] { trainer.fit(wide, quiet(1)); }), "no error");
  EXPECT_NE(message_of([&] { trainer.evaluate(wide); }), "no error");
  trainer.freeze("no such parameter");
  EXPECT_EQ(message_of([&] { trainer.fit(set, quiet(1)); }),
            "freeze: no parameter matches 'no such parameter'; there are 1.weight 1.bias 4.weight 4.bias");
  trainer.unfreeze();
  EXPECT_TRUE(same(state_of(trainer), state));
  trainer.fit(set, quiet(1));
  EXPECT_EQ(trainer.steps_done(), 4 * 8) << "and it goes on";
}

// A first fit that does not fit must not leave parameters of the wrong shape behind.
TEST_P(State, AFirstFitThatFailsLeavesNoParameters) {
  Trainer trainer = small_trainer(device());
  data::Dataset wide = points(64);
  wide.x = data::Array::floats({64, kFeatures + 2}, std::vector<float>(64 * (kFeatures + 2)));
  wide.classes = kClasses + 4;  // more classes than logits: refused after the parameters were made
  EXPECT_NE(message_of([&] { trainer.fit(wide, quiet(1)); }), "no error");
  Trainer other{device(),
                nn::sequential({nn::Linear{.out = 4}, nn::Reshape{.shape = {3}}, nn::Linear{.out = kClasses}})};
  EXPECT_NE(message_of([&] { other.fit(points(64), quiet(1)); }), "no error") << "the second layer refuses";
  EXPECT_TRUE(other.graph().parameters().empty());
}

TEST(StateOnLittleMemory, ABatchTooLargeThrowsAndLosesNothing) {
  std::optional<Device> device;
  try {
    device = find_device("best", "little-memory");
  } catch (const Error& error) {
    GTEST_SKIP() << "no Vulkan device: " << error.what();
  }
  const data::Dataset set = points(8192);
  Trainer trainer{*device, small_model(2048)};
  const FitOptions small{.epochs = 1, .batch_size = 512, .verbosity = Verbosity::silent};
  trainer.fit(set, small);
  const Metrics before = trainer.evaluate(set, 256);
  const std::vector<char> state = state_of(trainer);
  FitOptions large = small;
  large.batch_size = 8192;
  try {
    trainer.fit(set, large);
    FAIL() << "8192 rows of 2048 units fit into 64 MiB";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::out_of_memory) << error.what();
  }
  EXPECT_TRUE(same(state_of(trainer), state));
  EXPECT_EQ(trainer.evaluate(set, 256).accuracy, before.accuracy);
  trainer.fit(set, small);
  EXPECT_EQ(trainer.steps_done(), 2 * 16);
}

TEST_P(State, LoadsBeforeItsFirstStep) {
  const Folder folder;
  const data::Dataset set = points(64);
  Trainer trained = small_trainer(device());
  trained.fit(set, quiet(3));
  trained.save(folder / "model.safetensors");
  Trainer unused = small_trainer(device()), evaluated = small_trainer(device());
  (void)evaluated.evaluate(set);
  for (Trainer* fresh : {&unused, &evaluated}) {
    fresh->load(folder / "model.safetensors");
    EXPECT_EQ(fresh->predict(set), trained.predict(set));
  }
  // What belongs to the optimizer is there too: all go on alike.
  trained.fit(set, quiet(2));
  for (Trainer* resumed : {&unused, &evaluated}) {
    resumed->fit(set, quiet(2));
    EXPECT_TRUE(same(state_of(*resumed), state_of(trained)));
  }
}

TEST_P(State, ACheckpointOfAnotherOptimizerIsNamedAndNothingIsLost) {
  const Folder folder;
  const data::Dataset set = points(64);
  Trainer sgd{device(), small_model(), {.optimizer = optim::Sgd{.lr = .1f, .momentum = .9f}}};
  sgd.fit(set, quiet(1));
  sgd.save(folder / "sgd.safetensors");
  Trainer adam = small_trainer(device());
  adam.fit(set, quiet(1));
  const std::vector<char> state = state_of(adam);
  const std::string message = message_of([&] { adam.load(folder / "sgd.safetensors"); });
  EXPECT_NE(message.find("holds 'optimizer.sgd.momentum/"), std::string::npos) << message;
  EXPECT_NE(message.find("this trainer's adam keeps adam.m, adam.v"), std::string::npos) << message;
  EXPECT_TRUE(same(state_of(adam), state));
  Predictor predictor(device(), small_model(), folder / "sgd.safetensors", 64);
  EXPECT_EQ(predictor.most_rows(), 64);
}

TEST_P(State, EvaluatingBeforeFittingChangesNoTrainedBit) {
  const data::Dataset set = points(50), other = points(21, 70);
  Trainer plain = small_trainer(device()), judged = small_trainer(device());
  (void)judged.evaluate(other);
  (void)judged.predict(set);
  plain.fit(set, quiet(2));
  judged.fit(set, quiet(2));
  EXPECT_TRUE(same(state_of(judged), state_of(plain)));
}

// Memory of this process in bytes, without what the allocator keeps of what was freed; 0 where the system does not say.
struct Memory {
  uint64_t resident = 0, allocated = 0;
};
Memory memory_now() {
  Memory now;
#ifdef __GLIBC__
  malloc_trim(0);
  const struct mallinfo2 heap = mallinfo2();
  now.allocated = heap.uordblks + heap.hblkhd;
#endif
  uint64_t pages = 0, resident = 0;
  std::ifstream in("/proc/self/statm");
  in >> pages >> resident;
  now.resident = resident * 4096;
  return now;
}

TEST_P(State, AnyNumberOfRowsTakesBoundedMemoryAndNoNewKernels) {
  const data::Dataset set = points(400);
  Trainer trainer = small_trainer(device());
  const std::vector<float> all = trainer.predict(set);
  std::vector<int64_t> counts;
  for (int64_t rows = 1; rows <= 400; ++rows) counts.push_back(rows * 237 % 401);
  Memory before;
  uint64_t pipelines = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    const data::Dataset part = set.slice(0, counts[i]);
    const std::vector<float> some = trainer.predict(part);
    ASSERT_EQ(some.size(), static_cast<size_t>(counts[i] * kClasses));
    EXPECT_TRUE(std::equal(some.begin(), some.end(), all.begin())) << counts[i] << " rows";
    EXPECT_EQ(trainer.evaluate(part).samples, counts[i]);
    if (i == 9) before = memory_now();
    if (i == 99) pipelines = trainer.session().counters().pipelines;
  }
  EXPECT_EQ(trainer.session().counters().pipelines, pipelines) << "kernels made after a hundred row counts";
  const Memory after = memory_now();
  if (before.resident == 0) GTEST_SKIP() << "the system does not say how much memory this process has";
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer keeps what was freed";
#endif
  std::printf("resident after 10 row counts %.1f MiB, after 400 %.1f; allocated %.1f and %.1f\n",
              static_cast<double>(before.resident) / 0x1p20, static_cast<double>(after.resident) / 0x1p20,
              static_cast<double>(before.allocated) / 0x1p20, static_cast<double>(after.allocated) / 0x1p20);
  EXPECT_LE(after.resident, before.resident + before.resident / 20) << "from " << before.resident << " bytes";
}

TEST_P(State, UnfrozenParametersCorrectTheirOwnBias) {
  const data::Dataset set = points(64);
  // Frozen from the start, then trained: its first update is as large as Adam's first update is.
  Trainer trainer{device(), small_model(), {.optimizer = optim::Adam{.lr = 1e-3f}}};
  trainer.freeze("1.*");
  trainer.fit(set, quiet(20));
  trainer.unfreeze();
  const std::vector<float> before = trainer.session().read_floats(trainer.graph().find("1.weight"));
  trainer.begin(set, 64);
  trainer.step(1);
  const std::vector<float> after = trainer.session().read_floats(trainer.graph().find("1.weight"));
  double largest = 0;
  for (size_t i = 0; i < before.size(); ++i) largest = std::max<double>(largest, std::abs(after[i] - before[i]));
  EXPECT_NEAR(largest, 1e-3, 1e-5) << "lr m / (1 - beta1) / sqrt(v / (1 - beta2)) of a first step is lr";
  const Folder folder;
  trainer.save(folder / "two-clocks.safetensors");
  Trainer resumed{device(), small_model(), {.optimizer = optim::Adam{.lr = 1e-3f}}};
  resumed.load(folder / "two-clocks.safetensors");
  resumed.fit(set, quiet(2));
  trainer.fit(set, quiet(2));
  EXPECT_TRUE(same(state_of(resumed), state_of(trainer)));
}

TEST_P(State, APredictorPredictsAsTheTrainer) {
  const data::Dataset set = points(50);
  Trainer trainer = small_trainer(device());
  trainer.fit(set, quiet(1));
  Predictor predictor(trainer, 20);
  const std::vector<float> all = trainer.predict(set);
  ASSERT_EQ(predictor.input().size(), static_cast<size_t>(20 * kFeatures));
  std::memcpy(predictor.input().data(), set.x.bytes.data(), 20 * kFeatures * sizeof(float));
  for (const int64_t rows : {20, 1, 7, 8, 9}) {
    ASSERT_EQ(predictor.run(rows), Status::ok);
    const std::span<const float> some = predictor.output();
    ASSERT_EQ(some.size(), static_cast<size_t>(rows * kClasses));
    EXPECT_TRUE(std::equal(some.begin(), some.end(), all.begin())) << rows << " rows";
  }
  trainer.fit(set, quiet(1));
  ASSERT_EQ(predictor.run(20), Status::ok);
  const std::vector<float> now = trainer.predict(set);
  EXPECT_TRUE(std::equal(predictor.output().begin(), predictor.output().end(), now.begin())) << "training is seen";
  EXPECT_EQ(message_of([&] { (void)predictor.run(21); }), "predictor: 21 rows, expected 1 to 20");
  const DeviceCounters before = trainer.session().counters();
  for (int i = 0; i < 50; ++i) ASSERT_EQ(predictor.run(1 + i % 20), Status::ok);
  const DeviceCounters after = trainer.session().counters();
  EXPECT_EQ(after.allocations, before.allocations);
  EXPECT_EQ(after.pipelines, before.pipelines);
  EXPECT_EQ(after.command_buffers, before.command_buffers);
}

}  // namespace
}  // namespace lemnos::train_tests
