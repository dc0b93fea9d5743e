// A few training steps of every kind of network: the device follows the CPU reference, and the loss falls.

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <numeric>
#include <optional>

#include "golden/transformer.h"
#include "lemnos/train.h"
#include "models/zoo.h"

namespace lemnos::models {
namespace {

struct Network {
  const char* name;
  Model model;
  std::function<data::Dataset()> data;
  Loss loss = loss::CrossEntropy{};
  float lr = 3e-3f;
  int64_t steps = 40;  // until the loss has fallen by a fifth
  bool falls = true;   // what two networks that learn against each other need not do
};
void PrintTo(const Network& network, std::ostream* out) { *out << network.name; }

constexpr int64_t kFollowed = 6;  // steps during which the device must follow the reference

data::Dataset digits() { return data::digits(64, 1).train; }

data::Dataset letters() {
  using namespace golden::transformer;
  return next_letters(golden::transformer::letters(), kWindow, kLetters);
}

data::Dataset pictures() {
  data::Dataset set = digits();
  std::vector<float> pixels;
  for (const std::byte b : set.x.bytes) pixels.push_back(static_cast<float>(b) / 255);
  set.y = data::Array::floats({set.size(), 28 * 28}, pixels);
  set.classes = 0;
  return set;
}

data::Dataset ring() {
  std::vector<float> points;
  for (int i = 0; i < 64; ++i)
    points.insert(points.end(), {std::cos(.1f * static_cast<float>(i)), std::sin(.1f * static_cast<float>(i))});
  return {.x = data::Array::floats({64, 2}, points), .y = data::Array::floats({64, 1}, std::vector<float>(64))};
}

class Steps : public testing::TestWithParam<Network> {};

std::vector<float> losses_of(const Network& network, const Device& device, int64_t steps) {
  Trainer trainer{device, network.model, {.loss = network.loss, .optimizer = optim::Adam{.lr = network.lr}}};
  trainer.begin(network.data(), 16);
  trainer.step(steps);
  std::vector<float> losses = trainer.recent_losses(steps);
  for (const std::string& message : device.backend().validation_messages()) ADD_FAILURE() << message;
  return losses;
}

TEST_P(Steps, FollowTheReferenceAndLearn) {
  const Network& network = GetParam();
  const std::vector<float> want = losses_of(network, Device::cpu(), kFollowed);
  const Device device = Device::best();
  const std::vector<float> got = losses_of(network, device, network.steps);
  for (size_t i = 0; i < want.size(); ++i)
    EXPECT_NEAR(got[i], want[i], 1e-3 * std::abs(want[i])) << "the loss of step " << i + 1;
  for (const float loss : got) ASSERT_TRUE(std::isfinite(loss));
  const auto mean = [](auto begin, auto end) { return std::accumulate(begin, end, 0.0) / double(end - begin); };
  if (network.falls) {
    EXPECT_LT(mean(got.end() - 4, got.end()), .8 * mean(got.begin(), got.begin() + 4));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Zoo, Steps,
    testing::Values(Network{"convolutional", convolutional(4, 16, 10), digits},
                    Network{"residual", residual(4, 10), digits, loss::CrossEntropy{}, 1e-2f, 100},
                    Network{"char_transformer", char_transformer(28, 32, 2, 2), letters},
                    Network{"char_lstm", char_lstm(28, 16, 24), letters, loss::CrossEntropy{}, 1e-2f},
                    Network{"char_gru", char_gru(28, 16, 24), letters},
                    Network{"variational", variational(32, 4), pictures, Evidence{.code = 4}},
                    Network{"adversarial", adversarial(16), ring, Adversaries{}, 3e-3f, 40, false}),
    [](const auto& chosen) { return std::string(chosen.param.name); });

}  // namespace
}  // namespace lemnos::models
