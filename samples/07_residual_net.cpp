// A small residual network on the built-in digits: each block adds its output to its input.
//
//   07_residual_net [--quick]

#include <cstdio>
#include <cstring>

#include <lemnos/lemnos.hpp>

namespace lm = lemnos;

// Two convolutions; the first may halve the planes.
lm::Model body(int64_t channels, int64_t stride) {
  return lm::nn::sequential({lm::nn::Conv2d{.out = channels, .stride = stride, .padding = 1, .bias = false},
                             lm::nn::BatchNorm{}, lm::nn::Relu{},
                             lm::nn::Conv2d{.out = channels, .padding = 1, .bias = false}, lm::nn::BatchNorm{}});
}

// If the shape changes, the shortcut is a 1x1 convolution.
lm::Model shortcut(int64_t channels, int64_t stride) {
  return lm::nn::sequential(
      {lm::nn::Conv2d{.out = channels, .kernel = 1, .stride = stride, .bias = false}, lm::nn::BatchNorm{}});
}

int main(int argc, char** argv) try {
  const bool quick = argc > 1 && std::strcmp(argv[1], "--quick") == 0;
  const lm::data::Split data = quick ? lm::data::digits(2000, 500) : lm::data::digits();
  const lm::Model model = lm::nn::sequential({
      lm::nn::Conv2d{.out = 8, .stride = 2, .padding = 1, .bias = false},
      lm::nn::BatchNorm{},
      lm::nn::Relu{},  // 8 x 14 x 14
      lm::nn::residual(body(8, 1)),
      lm::nn::Relu{},
      lm::nn::residual(body(16, 2), shortcut(16, 2)),
      lm::nn::Relu{},  // 16 x 7 x 7
      lm::nn::GlobalAvgPool2d{},
      lm::nn::Linear{.out = 10},
  });
  const int64_t epochs = quick ? 3 : 6, batch = quick ? 32 : 64,
                steps = epochs * ((data.train.size() + batch - 1) / batch);
  lm::Trainer trainer{lm::Device::best(),
                      model,
                      {.optimizer = lm::optim::AdamW{.lr = 1e-2f},
                       .update = {.schedule = lm::optim::Schedule{.shape = lm::optim::Cosine{.period = steps}}},
                       .seed = 3}};
  std::printf("%s\n", trainer.summary(data.train.example(), 64).c_str());
  const lm::History history =
      trainer.fit(data.train, {.epochs = epochs, .batch_size = batch, .validation = &data.test});
  const double accuracy = history.last("val_accuracy");
  std::printf("test accuracy %.4f\n", accuracy);
  return accuracy > (quick ? .8 : .97) ? 0 : 1;
} catch (const lm::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
