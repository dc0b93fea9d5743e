// Accuracies that the project promises: half precision against full, and the perceptron with dropout and a cosine
// schedule on MNIST.

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "lemnos/train.h"

namespace lemnos {
namespace {

double accuracy_in(DType compute, const data::Split& set) {
  Trainer trainer{Device::best(),
                  nn::sequential({nn::Flatten{}, nn::Linear{.out = 128}, nn::Relu{}, nn::Linear{.out = 10}}),
                  {.optimizer = optim::Adam{.lr = 1e-3f}, .seed = 3, .compute = compute}};
  trainer.fit(set.train, {.epochs = 4, .batch_size = 128, .verbosity = Verbosity::silent});
  const double accuracy = trainer.evaluate(set.test).accuracy;
  std::printf("%s: accuracy %.4f, %lld steps skipped, on %s\n", to_string(compute), accuracy,
              static_cast<long long>(trainer.counts().skipped), trainer.device().info().name.c_str());
  testing::Test::RecordProperty(to_string(compute), testing::PrintToString(accuracy));
  return accuracy;
}

TEST(HalfPrecision, ReachesTheAccuracyOfFloats) {
  const data::Split set = data::digits(5000, 5000);
  const double full = accuracy_in(DType::f32, set);
  EXPECT_GE(full, .9);
  EXPECT_NEAR(accuracy_in(DType::f16, set), full, .003);
  EXPECT_NEAR(accuracy_in(DType::bf16, set), full, .003);
}

TEST(Mnist, PerceptronWithDropoutAndCosine) {
  const char* folder = std::getenv("LEMNOS_MNIST");
  if (!folder || !*folder) GTEST_SKIP() << "LEMNOS_MNIST names no folder with MNIST";
  const data::Split set = data::mnist(folder);
  constexpr int64_t kEpochs = 10, kBatch = 128;
  optim::UpdateOptions update;
  update.schedule = optim::Schedule{optim::Cosine{.period = kEpochs * ((set.train.size() + kBatch - 1) / kBatch)}};
  Trainer trainer{Device::best(),
                  nn::sequential({nn::Flatten{}, nn::Linear{.out = 512}, nn::Relu{}, nn::Dropout{.rate = .2f},
                                  nn::Linear{.out = 256}, nn::Relu{}, nn::Dropout{.rate = .2f}, nn::Linear{.out = 10}}),
                  {.optimizer = optim::Adam{.lr = 1e-3f}, .update = update, .seed = 1}};
  const History history = trainer.fit(set.train, {.epochs = kEpochs, .batch_size = kBatch, .validation = &set.test});
  std::printf("MNIST 784-512-256-10: accuracy %.4f after 10 epochs, %.0f samples/s on %s\n",
              history.last("val_accuracy"), history.last("samples_per_second"), trainer.device().info().name.c_str());
  EXPECT_GE(history.last("val_accuracy"), .983);
}

}  // namespace
}  // namespace lemnos
