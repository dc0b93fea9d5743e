// A user's program in C++: trains exclusive or on the best device of the machine.
#include <cstdio>

#include <lemnos/lemnos.hpp>

namespace lm = lemnos;

#ifdef EXTRA_CHECK
bool extra_check();
#else
static bool extra_check() { return true; }
#endif

int main() {
  const lm::data::Dataset points = lm::data::logic_xor();
  const lm::Model model =
      lm::nn::sequential({lm::nn::Linear{.out = 8}, lm::nn::Tanh{}, lm::nn::Linear{.out = 1}, lm::nn::Sigmoid{}});
  lm::Trainer trainer{lm::Device::best(), model, {.loss = lm::loss::Mse{}, .optimizer = lm::optim::Adam{.lr = .05f}}};
  trainer.begin(points, 4);
  trainer.step(400);
  const double loss = trainer.evaluate(points, 4).loss;
  std::printf("%s: loss %.5f\n", trainer.device().info().name.c_str(), loss);
#if defined(__cpp_exceptions)
  try {
    (void)lm::Device::find("no such device");
    return 2;
  } catch (const lm::Error& error) {
    std::printf("as it should be: %s\n", error.what());
  }
#endif
  return loss < .05 && extra_check() ? 0 : 1;
}
