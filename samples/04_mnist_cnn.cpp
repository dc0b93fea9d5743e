// A convolutional network on MNIST, or on the built-in digits when no folder is given: 99 % accuracy on the test
// images.
//
//   04_mnist_cnn [--quick] [FOLDER]

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
      lm::nn::Conv2d{.out = 8, .kernel = 3, .padding = 1, .bias = false},  // the normalisation has its own bias
      lm::nn::BatchNorm{},
      lm::nn::Relu{},
      lm::nn::MaxPool2d{},  // 8 x 14 x 14
      lm::nn::Conv2d{.out = 16, .kernel = 3, .padding = 1, .bias = false},
      lm::nn::BatchNorm{},
      lm::nn::Relu{},
      lm::nn::MaxPool2d{},  // 16 x 7 x 7
      lm::nn::Flatten{},
      lm::nn::Dropout{.rate = .2f},
      lm::nn::Linear{.out = 64},
      lm::nn::Relu{},
      lm::nn::Linear{.out = 10},
  });
  const int64_t epochs = quick ? 2 : 6, batch = 64, steps = epochs * ((data.train.size() + batch - 1) / batch);
  lm::Trainer trainer{lm::Device::best(),
                      model,
                      {.loss = lm::loss::CrossEntropy{},
                       .optimizer = lm::optim::Adam{.lr = 2e-3f},
                       .update = {.schedule = lm::optim::Schedule{.shape = lm::optim::Cosine{.period = steps}}},
                       .seed = 7}};
  std::printf("%s\n%s\n", trainer.device().info().name.c_str(), trainer.summary(data.train.example(), batch).c_str());

  const lm::History history =
      trainer.fit(data.train, {.epochs = epochs, .batch_size = batch, .validation = &data.test});
  lm::io::save(trainer, "mnist_cnn.safetensors");

  const double accuracy = history.last("val_accuracy");
  std::printf("test accuracy %.4f, weights in mnist_cnn.safetensors\n", accuracy);
  return accuracy > (quick ? .95 : .99) ? 0 : 1;
} catch (const lm::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
