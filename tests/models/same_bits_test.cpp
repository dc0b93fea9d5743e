// Determinism::across_devices: whatever device trains a network, the parameters have these bits.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>

#include "base/hash.h"
#include "base/text.h"
#include "error_of.h"
#include "golden/transformer.h"
#include "lemnos/train.h"
#include "models/zoo.h"
#include "tests/tier.h"

namespace lemnos::models {
namespace {

constexpr int64_t kBitSteps = 12, kManySteps = 10000;

struct Bits {
  const char* name;
  Model model;
  data::Dataset rows;
  optim::Optimizer optimizer;
  uint64_t hash;       // of the parameters and statistics after kBitSteps steps
  bool quick = false;  // with few kernels
  uint64_t many = 0;   // and after kManySteps; 0: it is not trained for so long
};
void PrintTo(const Bits& bits, std::ostream* out) { *out << bits.name; }

data::Dataset planes(int64_t rows, int64_t side, int64_t classes) {
  std::vector<float> x(static_cast<size_t>(rows * side * side));
  std::vector<int32_t> y(static_cast<size_t>(rows));
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i * 2654435761u % 1021) / 1021;
  for (size_t i = 0; i < y.size(); ++i) y[i] = static_cast<int32_t>(i % static_cast<size_t>(classes));
  return {
      .x = data::Array::floats({rows, 1, side, side}, x), .y = data::Array::integers({rows}, y), .classes = classes};
}

data::Dataset lines_of_text(int64_t rows, int64_t window, int64_t count) {
  std::vector<int32_t> text(static_cast<size_t>(rows * (window + 1)));
  for (size_t i = 0; i < text.size(); ++i) text[i] = static_cast<int32_t>((i * i / 3 + i) % static_cast<size_t>(count));
  return next_letters(text, window, count);
}

std::vector<Bits> networks_of_bits() {
  using namespace golden::transformer;
  return {
      {"mlp", nn::sequential({nn::Linear{.out = 16}, nn::Relu{}, nn::Dropout{.rate = .2f}, nn::Linear{.out = 3}}),
       data::spirals(96), optim::Adam{.lr = .01f}, 0x667816c42f8e5539, true, 0x3b222ea6ce56ba43},
      {"gelu", nn::sequential({nn::Linear{.out = 16}, nn::Gelu{}, nn::LayerNorm{}, nn::Linear{.out = 3}}),
       data::spirals(96), optim::RmsProp{.lr = .01f}, 0x40ac81d5bddcf6d6},
      {"cnn", convolutional(4, 16, 5), planes(32, 16, 5), optim::Sgd{.lr = .05f, .momentum = .9f}, 0x456a01e93dfa455e},
      {"residual", residual(4, 5), planes(32, 16, 5), optim::Adam{.lr = .01f}, 0xeec6d4cb486e19bd},
      {"transformer", char_transformer(kLetters, 16, 2, 1), lines_of_text(16, 8, kLetters), optim::AdamW{.lr = .01f},
       0xcb25e5da1721f603},
      {"lstm", char_lstm(kLetters, 8, 16), lines_of_text(16, 8, kLetters), optim::Adam{.lr = .01f}, 0xe3b5d52527ed955e,
       true},
      {"gru", char_gru(kLetters, 8, 16), lines_of_text(16, 8, kLetters), optim::Lion{.lr = .001f}, 0xe2c9adba3ec45722}};
}

uint64_t trained_bits(const Device& device, const Bits& bits, int64_t steps) {
  Trainer trainer(device, bits.model, {.optimizer = bits.optimizer, .seed = 7});
  trainer.begin(bits.rows, 8);
  while (trainer.steps_done() < steps) trainer.step(std::min<int64_t>(100, steps - trainer.steps_done()));
  Hash hash;
  for (const Snapshot::Tensor& tensor : trainer.snapshot().tensors)
    hash.add(tensor.name).bytes(tensor.bytes.data(), tensor.bytes.size());
  return hash.value();
}

class SameBits : public testing::TestWithParam<Bits> {
 protected:
  static Device across() { return Device::best({.determinism = Determinism::across_devices}); }
};

TEST_P(SameBits, OnEveryDevice) {
  const Device device = across();
  if (device.info().type == DeviceType::cpu_reference) GTEST_SKIP() << "the reference has no kernels";
  if (tier() == "smoke" && !GetParam().quick) GTEST_SKIP() << "the smoke tier is for drivers that compile for minutes";
  const bool long_too = GetParam().many != 0 && whole_tier();
  EXPECT_EQ(formatted("0x%016llx", static_cast<unsigned long long>(trained_bits(device, GetParam(), kBitSteps))),
            formatted("0x%016llx", static_cast<unsigned long long>(GetParam().hash)));
  if (!long_too) return;
  EXPECT_EQ(formatted("0x%016llx", static_cast<unsigned long long>(trained_bits(device, GetParam(), kManySteps))),
            formatted("0x%016llx", static_cast<unsigned long long>(GetParam().many)));
}

INSTANTIATE_TEST_SUITE_P(Networks, SameBits, testing::ValuesIn(networks_of_bits()),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace lemnos::models
