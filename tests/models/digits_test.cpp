// The network 784-128-10 trained to its accuracy: on the drawn digits, and on MNIST where there is one.

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "lemnos/train.h"

namespace lemnos {
namespace {

struct Outcome {
  double accuracy = 0;
  double seconds = 0;  // of fit, with its compilation of kernels
};

Outcome train(const Device& device, const data::Split& set, int64_t epochs, const char* what) {
  constexpr int64_t kBatch = 64;
  const int64_t steps = epochs * ((set.train.size() + kBatch - 1) / kBatch);
  Trainer trainer{device,
                  nn::sequential({nn::Flatten{}, nn::Linear{.out = 128}, nn::Relu{}, nn::Linear{.out = 10}}),
                  {.optimizer = optim::Adam{.lr = 2e-3f},
                   .update = {.schedule = optim::Schedule{.shape = optim::Cosine{.period = steps}}}}};
  const auto start = std::chrono::steady_clock::now();
  const History history =
      trainer.fit(set.train, {.epochs = epochs, .batch_size = kBatch, .verbosity = Verbosity::silent});
  Outcome outcome;
  outcome.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  outcome.accuracy = trainer.evaluate(set.test).accuracy;
  std::printf("%s: accuracy %.4f after %lld epochs, %.1f s, %.0f samples/s on %s\n", what, outcome.accuracy,
              static_cast<long long>(epochs), outcome.seconds, history.last("samples_per_second"),
              device.info().name.c_str());
  testing::Test::RecordProperty("accuracy", testing::PrintToString(outcome.accuracy));
  testing::Test::RecordProperty("seconds", testing::PrintToString(outcome.seconds));
  return outcome;
}

TEST(Digits, OnTheBestDevice) {
  const Outcome outcome = train(Device::best(), data::digits(), 6, "digits");
  EXPECT_GE(outcome.accuracy, .97);
}

TEST(Digits, OnTheCpuBackendAsOnTheDevice) {
  const Device best = Device::best();
  if (best.info().type == DeviceType::cpu_reference)
    GTEST_SKIP() << "this machine has no Vulkan device to compare with";
  const data::Split set = data::digits(3000, 1000);
  const Outcome cpu = train(Device::cpu(), set, 2, "3000 digits");
  const Outcome device = train(best, set, 2, "3000 digits");
  EXPECT_LE(std::abs(cpu.accuracy - device.accuracy), .01);
  EXPECT_GE(cpu.accuracy, .5);  // both learn: two that guess would agree too
}

TEST(Mnist, OnTheBestDevice) {
  const char* folder = std::getenv("LEMNOS_MNIST");
  if (!folder || !*folder) GTEST_SKIP() << "LEMNOS_MNIST names no folder with MNIST";
  const Outcome outcome = train(Device::best(), data::mnist(folder), 5, "MNIST");
  EXPECT_GE(outcome.accuracy, .975);
}

}  // namespace
}  // namespace lemnos
