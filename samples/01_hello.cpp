// Runs a graph on the CPU reference and on the best device, and compares the results.
//
//   y = softmax(relu(x W^T + b)), and the gradient of sum(y * t) for W

#include <cmath>
#include <cstdio>
#include <vector>

#include <lemnos/lemnos.hpp>

namespace lm = lemnos;

int main() {
  lm::Graph graph;
  std::vector<float> numbers(6 * 4);
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = std::sin(static_cast<float>(i));

  const lm::Value x = graph.constant({2, 4}, {numbers.data(), 8}, "x");
  const lm::Value t = graph.constant({2, 6}, {numbers.data(), 12}, "t");
  const lm::Value w = graph.parameter("w", {6, 4}, numbers);
  const lm::Value b = graph.parameter("b", {6}, std::vector<float>(6, 0.1f));
  const lm::Value y = softmax(relu(linear(x, w, b)));
  const std::vector<lm::Value> wrt{w};
  const lm::Value dw = gradients(sum(y * t), wrt)[0];

  const lm::Device devices[] = {lm::Device::cpu(), lm::Device::best()};
  std::vector<float> results[2];
  for (int i = 0; i < 2; ++i) {
    const auto session = devices[i].open(graph);
    const auto program = session->compile({.targets = {y, dw}});
    if (program->run() != lm::Status::ok) return 1;
    results[i] = program->read_floats(dw);
    std::printf("%s\n%s  dw[0] = %.7f %.7f %.7f %.7f\n\n", devices[i].info().name.c_str(), program->describe().c_str(),
                results[i][0], results[i][1], results[i][2], results[i][3]);
  }

  float worst = 0;
  for (size_t i = 0; i < results[0].size(); ++i) worst = std::fmax(worst, std::fabs(results[0][i] - results[1][i]));
  std::printf("largest difference of the gradients: %g\n", worst);
  return worst < 1e-6f ? 0 : 1;
}
