// A multi-layer perceptron on MNIST, or on the built-in digits when no folder is given.
//
//   03_mnist_mlp [--quick] [FOLDER]

#include <cstdio>
#include <cstring>

#include <lemnos/lemnos.hpp>

namespace lm = lemnos;

int main(int argc, char** argv) try {
  const bool quick = argc > 1 && std::strcmp(argv[1], "--quick") == 0;
  const char* folder = argc > 1 + quick ? argv[1 + quick] : nullptr;
  const lm::data::Split data = folder  ? lm::data::mnist(folder)
                               : quick ? lm::data::digits(4000, 1000)
                                       : lm::data::digits();

  const lm::Model model = lm::nn::sequential({
      lm::nn::Flatten{},
      lm::nn::Linear{.out = 128},
      lm::nn::Relu{},
      lm::nn::Dropout{.rate = .1f},
      lm::nn::Linear{.out = 10},
  });
  lm::Trainer trainer{lm::Device::best(),
                      model,
                      {.loss = lm::loss::CrossEntropy{}, .optimizer = lm::optim::Adam{.lr = 1e-3f}, .seed = 7}};
  std::printf("%s\n%s\n", trainer.device().info().name.c_str(), trainer.summary(data.train.example(), 128).c_str());

  const lm::History history =
      trainer.fit(data.train, {.epochs = quick ? 2 : 5, .batch_size = 128, .validation = &data.test});
  lm::io::save(trainer, "mnist.safetensors");

  const double accuracy = history.last("val_accuracy");
  std::printf("test accuracy %.4f, weights in mnist.safetensors\n", accuracy);
  return accuracy > (quick ? .7 : .96) ? 0 : 1;
} catch (const lm::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
