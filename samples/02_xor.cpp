// XOR: one layer cannot learn it, two layers can. The training loop is written out.

#include <cstdio>

#include <lemnos/lemnos.hpp>

namespace lm = lemnos;

int main() {
  const lm::data::Dataset points = lm::data::logic_xor();
  const lm::Model model = lm::nn::sequential({
      lm::nn::Linear{.out = 8},
      lm::nn::Tanh{},
      lm::nn::Linear{.out = 1},
      lm::nn::Sigmoid{},
  });
  lm::Trainer trainer{lm::Device::best(), model, {.loss = lm::loss::Mse{}, .optimizer = lm::optim::Adam{.lr = .05f}}};
  std::printf("%s\n", trainer.summary(points.example()).c_str());

  trainer.begin(points, 4);
  for (int epoch = 0; epoch <= 400; epoch += 100) {
    std::printf("step %3d  loss %.5f\n", epoch, trainer.evaluate(points, 4).loss);
    trainer.step(100);
  }

  const std::vector<float> y = trainer.predict(points, 4);
  bool right = true;
  for (int i = 0; i < 4; ++i) {
    std::printf("%d xor %d = %.3f\n", i / 2, i % 2, y[static_cast<size_t>(i)]);
    right = right && (y[static_cast<size_t>(i)] > .5f) == (i / 2 != i % 2);
  }
  return right ? 0 : 1;
}
