// The C++ program on the first page of the README.
#include <algorithm>
#include <cstdio>

#include <lemnos/lemnos.hpp>
namespace lm = lemnos;

int main() {
  auto digits = lm::data::digits();  // or lm::data::mnist("FOLDER")
  lm::Model model = lm::nn::sequential({lm::nn::Flatten{}, lm::nn::Linear{.out = 128}, lm::nn::Relu{},
                                        lm::nn::Dropout{.rate = 0.2f}, lm::nn::Linear{.out = 10}});
  lm::Trainer trainer{
      lm::Device::best(), model, {.loss = lm::loss::CrossEntropy{}, .optimizer = lm::optim::Adam{.lr = 1e-3f}}};
  lm::History history = trainer.fit(digits.train, {.epochs = 5, .batch_size = 128, .validation = &digits.test});
  lm::io::save(trainer, "digits.safetensors");

  // In an application: up to 64 rows a call. run() allocates nothing.
  lm::Predictor predictor(lm::Device::best(), model, "digits.safetensors", 64);
  std::ranges::fill(predictor.input(), 0.f);  // one row after the other
  if (predictor.run(1) != lm::Status::ok) return 1;
  std::printf("logit of class 0: %g\n", static_cast<double>(predictor.output()[0]));
}
