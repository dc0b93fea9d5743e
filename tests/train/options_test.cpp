// The options of a Trainer beyond loss and optimizer: precision, accumulation, averages, groups and frozen parts, and
// what is taken from another model's checkpoint.

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "shaders/common/step_state.h"
#include "train/support.h"

namespace lemnos::train_tests {
namespace {

class Options : public TrainTest {
 protected:
  Trainer begun(TrainerOptions options, int64_t batch = kBatch) const {
    Trainer trainer{device(), nn::sequential({nn::Linear{.out = 16}, nn::Tanh{}, nn::Linear{.out = kClasses}}),
                    options};
    trainer.begin(points(), batch);
    return trainer;
  }
  static std::vector<float> read(Trainer& trainer, const std::string& name) {
    return trainer.session().read_floats(trainer.graph().find(name));
  }
  static void expect_near(const std::vector<float>& got, const std::vector<float>& want, double tolerance) {
    ASSERT_EQ(got.size(), want.size());
    for (size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], want[i], tolerance) << i;
  }
  Folder folder_;
};
LEMNOS_ON_EVERY_DEVICE(Options);

TEST_P(Options, HalvesComputeAndFloatsAreKept) {
  const optim::Optimizer adam = optim::Adam{.lr = .01f};
  Trainer full = begun({.optimizer = adam});
  const double start = full.evaluate(points()).loss;
  full.step(70);
  const double want = full.evaluate(points()).loss;
  for (const DType dtype : {DType::f16, DType::bf16}) {
    Trainer half = begun({.optimizer = adam, .compute = dtype});
    half.step(70);
    EXPECT_NE(half.step_program()->describe().find(to_string(dtype)), std::string::npos);
    EXPECT_EQ(half.graph().find("0.weight").dtype(), DType::f32);
    EXPECT_NEAR(half.evaluate(points()).loss, want, .05 * start) << to_string(dtype);
    EXPECT_EQ(half.counts().skipped, 0);
    EXPECT_EQ(half.counts().loss_scale, dtype == DType::f16 ? 65536 : 1);
    const std::vector<float> weights = read(half, "0.weight");
    EXPECT_TRUE(std::ranges::any_of(weights, [&](float w) {
      return w != std::bit_cast<float>(std::bit_cast<uint32_t>(w) & 0xffffe000u);
    })) << "the weights themselves are rounded";
  }
}

// An overflow: the loss scale is set so high that the first gradient in f16 is infinite.
TEST_P(Options, AStepThatOverflowsIsSkippedAndTheScaleHalves) {
  optim::UpdateOptions update;
  update.loss_scale = optim::LossScale{.initial = 1024, .interval = 3};
  Trainer trainer = begun({.optimizer = optim::Adam{.lr = .01f}, .update = update, .compute = DType::f16});
  trainer.step(2);
  const std::vector<float> before = read(trainer, "0.weight");
  const float huge = 1 << 14;  // 2^24 in all
  const Value state = trainer.graph().find("step_state");
  trainer.session().write(state, std::as_bytes(std::span(&huge, 1)), STATE_LOSS_SCALE * sizeof huge);
  trainer.step(1);
  EXPECT_EQ(trainer.counts().skipped, 1);
  EXPECT_EQ(trainer.counts().loss_scale, 1024.0 * huge / 2);
  EXPECT_EQ(read(trainer, "0.weight"), before);
  trainer.step(40);
  const StepCounts counts = trainer.counts();
  EXPECT_GT(counts.skipped, 1);
  EXPECT_LT(counts.skipped, 30);
  EXPECT_LT(counts.loss_scale, 1024.0 * huge);
  EXPECT_NE(read(trainer, "0.weight"), before) << "training goes on";
  EXPECT_TRUE(std::isfinite(trainer.evaluate(points()).loss));
}

// Gradients that are not finite at any scale: it does not fall below its minimum, the weights do not change, and what
// happened is said.
TEST_P(Options, TheLossScaleHasAMinimum) {
  data::Dataset set = points();
  const float huge = 1e38f;  // infinite in f16
  for (size_t row = 0; row < kExamples; ++row)
    std::memcpy(set.x.bytes.data() + row * kFeatures * sizeof huge, &huge, sizeof huge);
  optim::UpdateOptions update;
  update.loss_scale = optim::LossScale{.initial = 4, .least = 1};
  Trainer trainer = begun({.optimizer = optim::Adam{.lr = .01f}, .update = update, .compute = DType::f16});
  const std::vector<float> before = read(trainer, "0.weight");
  trainer.begin(set, kBatch);
  const auto message = [&](int64_t steps) {
    try {
      trainer.step(steps);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("nothing was thrown");
  };
  EXPECT_EQ(message(2), "nothing was thrown");
  EXPECT_EQ(trainer.counts().loss_scale, 1);
  EXPECT_EQ(message(1),
            "train: by step 3 the gradient was not finite 1 time at the least loss scale, 1; 3 updates were skipped. A "
            "smaller loss scale does not help: lower the learning rate, or call first_bad_node()");
  EXPECT_EQ(message(200),
            "train: by step 203 the gradient was not finite 200 times at the least loss scale, 1; 203 updates were "
            "skipped. A smaller loss scale does not help: lower the learning rate, or call first_bad_node()");
  EXPECT_EQ(trainer.counts().loss_scale, 1);
  EXPECT_EQ(trainer.counts().skipped, 203);
  EXPECT_EQ(read(trainer, "0.weight"), before);
  EXPECT_THROW(trainer.fit(set, {.batch_size = kBatch, .verbosity = Verbosity::silent}), Error);
  trainer.begin(points(), kBatch);
  EXPECT_EQ(message(9), "nothing was thrown");
  EXPECT_NE(read(trainer, "0.weight"), before) << "training goes on with data that can be learned";
}

// As many as it took to come from 65536 to 0: nothing is multiplied by that.
TEST_P(Options, NoStepHasAFactorThatIsNotFinite) {
  data::Dataset set = points(8);
  const float huge = 1e38f;  // infinite in f16
  std::memcpy(set.x.bytes.data(), &huge, sizeof huge);
  Trainer trainer = begun({.compute = DType::f16});
  const std::vector<float> before = read(trainer, "0.weight");
  trainer.begin(set, kBatch);
  EXPECT_THROW(trainer.step(200), Error);
  EXPECT_EQ(trainer.counts().loss_scale, 0x1p-14);
  EXPECT_EQ(read(trainer, "0.weight"), before);
}

// One step of the whole batch, and of its parts: the same gradient, also where the last part is padding alone.
TEST_P(Options, PartsOfABatchAddUpToIt) {
  const optim::Optimizer sgd = optim::Sgd{.lr = .5f, .momentum = .9f};
  Trainer whole = begun({.optimizer = sgd}), parts = begun({.optimizer = sgd, .accumulate = 4});
  for (int step = 0; step < 7; ++step) {
    const Metrics one = whole.step(1), sum = parts.step(1);
    EXPECT_NEAR(sum.loss, one.loss, 1e-5);
    EXPECT_EQ(sum.accuracy, one.accuracy);
    EXPECT_EQ(sum.samples, one.samples);
    expect_near(read(parts, "0.weight"), read(whole, "0.weight"), 2e-5);
  }
  EXPECT_EQ(parts.counts().epoch, 1);
  try {
    (void)begun({.accumulate = 3});
    FAIL() << "8 examples were divided into 3 parts";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "train: a batch of 8 examples does not divide into 3 parts");
  }
}

// Each part moves the running statistics, as steps over the parts do. Without a learning rate nothing else moves.
TEST_P(Options, PartsMoveRunningStatisticsAsStepsDo) {
  const Model model = nn::sequential({nn::Linear{.out = 8}, nn::BatchNorm{}, nn::Relu{}, nn::Linear{.out = kClasses}});
  const optim::Optimizer still = optim::Sgd{.lr = 0};
  Trainer parts{device(), model, {.optimizer = still, .accumulate = 4}}, steps{device(), model, {.optimizer = still}};
  parts.begin(points(), kBatch, false);
  steps.begin(points(), kBatch / 4, false);
  for (int step = 1; step <= 3; ++step) {
    parts.step(1);
    steps.step(4);
    for (const char* name : {"1.running_mean", "1.running_var"}) {
      EXPECT_EQ(read(parts, name), read(steps, name)) << name << " after step " << step;
      EXPECT_NE(read(parts, name).front(), name == std::string("1.running_var") ? 1 : 0);
    }
  }
}

// Forward and backward are in the plan once, for any number of parts; every part draws its own numbers.
TEST_P(Options, PartsMakeNoLongerPlan) {
  const Model model = nn::sequential(
      {nn::Linear{.out = 8}, nn::BatchNorm{}, nn::Dropout{.rate = .5f}, nn::Tanh{}, nn::Linear{.out = kClasses}});
  const auto launches = [&](int64_t parts) {
    Trainer trainer{device(), model, {.accumulate = parts}};
    trainer.begin(points(), 2 * parts);
    trainer.step(1);
    EXPECT_TRUE(std::isfinite(trainer.evaluate(points()).loss));
    return trainer.step_program()->summary().dispatches;
  };
  const size_t few = launches(2);
  EXPECT_GT(few, 10u);
  EXPECT_EQ(launches(16), few);
}

TEST_P(Options, WeightsAreAveraged) {
  Trainer trainer = begun({.average = .5f});
  std::vector<float> want;
  for (int step = 0; step < 5; ++step) {
    trainer.step(1);
    const std::vector<float> now = read(trainer, "0.weight");
    if (want.empty()) want = now;
    for (size_t i = 0; i < now.size(); ++i) want[i] = .5f * want[i] + .5f * now[i];
  }
  const Snapshot trained = trainer.snapshot();
  trainer.restore(trainer.averaged());
  expect_near(read(trainer, "0.weight"), want, 1e-6);
  trainer.restore(trained);
  EXPECT_NE(read(trainer, "0.weight"), want);
  Trainer without = begun({});
  EXPECT_THROW((void)without.averaged(), Error);
  // After one update without an average Asgd keeps the mean of what follows.
  Trainer polyak = begun({.optimizer = optim::Asgd{.lr = .1f, .start = 1}});
  std::vector<float> mean;
  for (int step = 1; step <= 4; ++step) {
    polyak.step(1);
    const std::vector<float> now = read(polyak, "0.weight");
    if (step <= 3) mean = now;
    if (step == 4)
      for (size_t i = 0; i < now.size(); ++i) mean[i] = (mean[i] + now[i]) / 2;
  }
  polyak.restore(polyak.averaged());
  expect_near(read(polyak, "0.weight"), mean, 1e-6);
}

TEST_P(Options, FrozenPartsStay) {
  Trainer trainer = begun({.optimizer = optim::AdamW{.lr = .01f, .weight_decay = .1f}});
  trainer.step(3);
  const std::vector<float> first = read(trainer, "0.weight"), last = read(trainer, "2.weight");
  trainer.freeze("0.*");
  trainer.begin(points(), kBatch);
  trainer.step(3);
  EXPECT_EQ(trainer.steps_done(), 6);
  EXPECT_EQ(read(trainer, "0.weight"), first);
  EXPECT_NE(read(trainer, "2.weight"), last);
  trainer.unfreeze();
  trainer.begin(points(), kBatch);
  trainer.step(1);
  EXPECT_NE(read(trainer, "0.weight"), first);
  trainer.freeze("head.*");
  try {
    trainer.begin(points(), kBatch);
    FAIL() << "what does not exist was frozen";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "freeze: no parameter matches 'head.*'; there are 0.weight 0.bias 2.weight 2.bias");
  }
}

TEST_P(Options, GroupsByName) {
  Trainer trainer = begun({.groups = {{.parameters = "*.bias", .lr_scale = 0}}});
  const std::vector<float> bias = read(trainer, "2.bias"), weight = read(trainer, "2.weight");
  trainer.step(2);
  EXPECT_EQ(read(trainer, "2.bias"), bias);
  EXPECT_NE(read(trainer, "2.weight"), weight);
}

TEST_P(Options, AnotherHeadTakesTheRestOfACheckpoint) {
  Trainer from = begun({});
  from.step(10);
  from.save(folder_ / "a.safetensors");
  Trainer to{device(), nn::sequential({nn::Linear{.out = 16}, nn::Tanh{}, nn::Linear{.out = 2}, nn::BatchNorm{}})};
  const LoadReport report = to.load_matching(folder_ / "a.safetensors", Shape{kFeatures});
  EXPECT_EQ(report.loaded, (std::vector<std::string>{"0.weight", "0.bias"}));
  EXPECT_EQ(report.other_shape, (std::vector<std::string>{"2.weight: f32[3, 16] in the file, f32[2, 16] in the model",
                                                          "2.bias: f32[3] in the file, f32[2] in the model"}));
  EXPECT_EQ(report.missing, (std::vector<std::string>{"3.weight", "3.bias", "3.running_mean", "3.running_var"}));
  EXPECT_TRUE(report.unused.empty());
  EXPECT_EQ(read(to, "0.weight"), read(from, "0.weight"));
  EXPECT_NE(to_string(report).find("other shape  2.bias: f32[3] in the file"), std::string::npos);

  Trainer stranger{device(), nn::sequential({nn::Flatten{}, nn::Linear{.out = 2}})};
  EXPECT_THROW((void)stranger.load_matching(folder_ / "a.safetensors", Shape{kFeatures}), Error);
}

// As PyTorch saves a Sequential of a BatchNorm1d(2): a count of batches in 64 bits, which no tensor has here.
TEST_P(Options, RunningStatisticsHavePyTorchsNames) {
  const std::string names[] = {"0.bias", "0.running_mean", "0.running_var", "0.weight"};
  std::string header = "{";
  for (size_t i = 0; i < 4; ++i)
    header += "\"" + names[i] + "\":{\"dtype\":\"F32\",\"shape\":[" + std::to_string(kFeatures) +
              "],\"data_offsets\":[" + std::to_string(i * kFeatures * 4) + "," +
              std::to_string((i + 1) * kFeatures * 4) + "]},";
  const size_t end = 4 * kFeatures * 4;
  header += "\"0.num_batches_tracked\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[" + std::to_string(end) + "," +
            std::to_string(end + 8) + "]}}";
  std::string file(8, '\0');
  for (size_t i = 0; i < 8; ++i) file[i] = static_cast<char>(header.size() >> 8 * i & 0xff);
  file += header;
  for (int i = 0; i < 4 * kFeatures; ++i) {
    const float value = static_cast<float>(i + 1);
    file.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  file.append(8, '\1');
  write_content(folder_ / "torch.safetensors", {file.begin(), file.end()});
  Trainer to{device(), nn::sequential({nn::BatchNorm{}})};
  const LoadReport report = to.load_matching(folder_ / "torch.safetensors", Shape{kFeatures});
  EXPECT_EQ(report.loaded.size(), 4u);
  EXPECT_TRUE(report.missing.empty() && report.unused.empty()) << to_string(report);
  EXPECT_EQ(report.unsupported, std::vector<std::string>{"0.num_batches_tracked: I64[]"});
  EXPECT_EQ(read(to, "0.running_mean").front(), static_cast<float>(kFeatures + 1));
  to.load(folder_ / "torch.safetensors");
  EXPECT_EQ(read(to, "0.running_var").front(), static_cast<float>(2 * kFeatures + 1));
}

TEST_P(Options, SnapshotsOfAnotherModelChangeNothing) {
  Trainer one = begun({});
  Trainer other{device(), small_model()};
  other.begin(points(), kBatch);
  const std::vector<char> before = state_of(one);
  EXPECT_THROW(one.restore(other.snapshot()), Error);
  EXPECT_TRUE(same(state_of(one), before));
  const Snapshot start = one.snapshot();
  one.step(4);
  one.restore(start);
  EXPECT_TRUE(same(state_of(one), before));
}

TEST_P(Options, RecomputedActivationsAreTheSame) {
  std::vector<nn::Layer> layers;
  for (int i = 0; i < 5; ++i) {
    layers.push_back(nn::Linear{.out = 64});
    layers.push_back(nn::Gelu{});
    layers.push_back(nn::Dropout{.rate = .3f});
  }
  layers.push_back(nn::Linear{.out = kClasses});
  const Model model = nn::sequential(layers);
  const auto trained = [&](bool again, PlanSummary& summary) {
    Trainer trainer{device(), model, {.optimizer = optim::Adam{.lr = .01f}, .recompute = again}};
    trainer.begin(points(), kBatch);
    trainer.step(20);
    summary = trainer.step_program()->summary();
    return state_of(trainer);
  };
  PlanSummary kept, again;
  const std::vector<char> want = trained(false, kept), got = trained(true, again);
  EXPECT_TRUE(same(got, want));
  if (on_vulkan()) {
    EXPECT_LT(again.activation_bytes, kept.activation_bytes);
    EXPECT_GT(again.dispatches, kept.dispatches);
  }
}

}  // namespace
}  // namespace lemnos::train_tests
