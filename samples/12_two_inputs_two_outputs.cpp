// Two inputs and two outputs, by the graph: a picture of a digit and a number go in, the digit and the sum come out.
//
// A row of the data set holds all inputs side by side, and the model takes them apart; so with targets and the loss.

#include <cmath>
#include <cstdio>
#include <cstring>

#include <lemnos/lemnos.hpp>

namespace lm = lemnos;

constexpr int64_t kPixels = 28 * 28, kDigits = 10;

// The digit's class and the sum's value, judged together.
struct DigitAndSum {
  static constexpr const char* kKind = "digit_and_sum";
  static constexpr bool kClasses = false;
  lm::Value operator()(lm::Value outputs, lm::Value targets, lm::Value mask) const {
    const auto output = lm::split(outputs, {kDigits, 1}, 1), target = lm::split(targets, {kDigits, 1}, 1);
    return lm::loss::CrossEntropy{}(output[0], target[0], mask) + .1f * lm::loss::Mse{}(output[1], target[1], mask);
  }
};

lm::Value model(const lm::nn::Scope& scope, lm::Value x) {
  const auto input = lm::split(x, {kPixels, 1}, 1);
  const lm::Value seen = lm::relu(lm::nn::Linear{.out = 64}(scope.nested("picture"), input[0]));
  const lm::Value digit = lm::nn::Linear{.out = kDigits}(scope.nested("digit"), seen);
  const lm::Value both[] = {seen, input[1]};
  const lm::Value joined = lm::relu(lm::nn::Linear{.out = 32}(scope.nested("joined"), lm::concat(both, 1)));
  const lm::Value outputs[] = {digit, lm::nn::Linear{.out = 1}(scope.nested("sum"), joined)};
  return lm::concat(outputs, 1);
}

lm::data::Dataset with_numbers(const lm::data::Dataset& digits) {
  std::vector<float> x, y;
  const std::vector<int32_t> labels = digits.labels();
  for (size_t row = 0; row < labels.size(); ++row) {
    for (size_t i = 0; i < kPixels; ++i) x.push_back(static_cast<float>(digits.x.bytes[row * kPixels + i]) / 255);
    const float number = static_cast<float>(row * 7 % 10) / 10;
    x.push_back(number);
    for (int c = 0; c < kDigits; ++c) y.push_back(c == labels[row] ? 1.f : 0.f);
    y.push_back(static_cast<float>(labels[row]) / 10 + number);
  }
  return {.x = lm::data::Array::floats({digits.size(), kPixels + 1}, x),
          .y = lm::data::Array::floats({digits.size(), kDigits + 1}, y)};
}

int main() try {
  const lm::data::Split digits = lm::data::digits(4000, 500);
  const lm::data::Dataset train = with_numbers(digits.train), test = with_numbers(digits.test);
  lm::Trainer trainer{lm::Device::best(), lm::Model{"digit and sum", model}, {.loss = DigitAndSum{}}};
  trainer.fit(train, {.epochs = 4, .batch_size = 50});

  const std::vector<float> outputs = trainer.predict(test);
  const std::vector<int32_t> labels = digits.test.labels();
  double right = 0, error = 0;
  for (size_t row = 0; row < labels.size(); ++row) {
    const float* output = outputs.data() + row * (kDigits + 1);
    right += lm::metrics::classes_of({output, kDigits}, kDigits)[0] == labels[row];
    float target;
    std::memcpy(&target, test.y.bytes.data() + (row * (kDigits + 1) + kDigits) * sizeof target, sizeof target);
    error += std::abs(output[kDigits] - target) / static_cast<double>(labels.size());
  }
  const double accuracy = right / static_cast<double>(labels.size());
  std::printf("digits right: %.3f   mean error of the sum: %.3f\n", accuracy, error);
  return accuracy > .8 && error < .2 ? 0 : 1;
} catch (const lm::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
