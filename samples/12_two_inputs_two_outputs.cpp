// Two inputs and two outputs: the inputs are an image of a digit and a number, the outputs are the digit and the sum of
// both.
//
// Further inputs and targets follow x and y in the data set, each with its own type and scale; the model is a function
// of their list, and the loss has a term for each output.

#include <cmath>
#include <cstdio>

#include <lemnos/lemnos.hpp>

namespace lm = lemnos;

std::vector<lm::Value> model(const lm::nn::Scope& scope, const std::vector<lm::Value>& inputs) {
  const lm::Value picture = lm::flatten(inputs[0]), number = inputs[1];
  const lm::Value seen = lm::relu(lm::nn::Linear{.out = 64}(scope.nested("picture"), picture));
  const lm::Value both[] = {seen, number};
  const lm::Value joined = lm::relu(lm::nn::Linear{.out = 32}(scope.nested("joined"), lm::concat(both, 1)));
  return {lm::nn::Linear{.out = 10}(scope.nested("digit"), seen),
          lm::nn::Linear{.out = 1}(scope.nested("sum"), joined)};
}

// The digits, a number from 0 to 9 for each, and a tenth of the sum as second target.
lm::data::Dataset with_numbers(lm::data::Dataset digits) {
  std::vector<float> numbers, sums;
  for (const int32_t digit : digits.labels()) {
    numbers.push_back(static_cast<float>(numbers.size() * 7 % 10));
    sums.push_back((static_cast<float>(digit) + numbers.back()) / 10);
  }
  const lm::Shape shape{digits.size(), 1};
  digits.more_inputs = {{.values = lm::data::Array::floats(shape, numbers), .scale = .1f}};
  digits.more_targets = {{.values = lm::data::Array::floats(shape, sums)}};
  return digits;
}

int main() try {
  const lm::data::Split digits = lm::data::digits(4000, 500);
  const lm::data::Dataset train = with_numbers(digits.train), test = with_numbers(digits.test);
  lm::Trainer trainer{lm::Device::best(),
                      lm::Model{"digit and sum", model},
                      {.loss = lm::loss::joint({{.loss = lm::loss::CrossEntropy{}, .name = "digit"},
                                                {.loss = lm::loss::Mse{}, .name = "sum"}}),
                       .optimizer = lm::optim::Adam{.lr = 3e-3f}}};
  std::printf("%s\n", trainer.summary(train, 50).c_str());
  trainer.fit(train, {.epochs = 12, .batch_size = 50});

  const double accuracy = trainer.evaluate(test).accuracy;  // of the first output
  const std::vector<float> sums = trainer.predict_all(test)[1];
  const std::vector<int32_t> labels = test.labels();
  double error = 0;
  for (size_t row = 0; row < labels.size(); ++row) {
    const double sum = static_cast<double>(labels[row]) + static_cast<double>(row * 7 % 10);
    error += std::abs(10 * sums[row] - sum) / static_cast<double>(labels.size());
  }
  std::printf("digits right: %.3f   mean error of the sum: %.2f\n", accuracy, error);
  return accuracy > .8 && error < 1 ? 0 : 1;
} catch (const lm::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
