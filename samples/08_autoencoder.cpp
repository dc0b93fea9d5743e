// A variational autoencoder of the built-in digits: it learns to decode them from eight numbers, and then generates new
// ones.
//
//   08_autoencoder [--quick]

#include <cmath>
#include <cstdio>
#include <cstring>
#include <random>

#include <lemnos/lemnos.hpp>

namespace lm = lemnos;

constexpr int64_t kPixels = 28 * 28, kCode = 8;

const lm::Model kEncoder = lm::nn::sequential(
    {lm::nn::Flatten{}, lm::nn::Linear{.out = 128}, lm::nn::Relu{}, lm::nn::Linear{.out = 2 * kCode}});
const lm::Model kDecoder =
    lm::nn::sequential({lm::nn::Linear{.out = 128}, lm::nn::Relu{}, lm::nn::Linear{.out = kPixels}});

// The image's logits, the mean and the log variance of the code, concatenated.
lm::Value autoencoder(const lm::nn::Scope& scope, lm::Value x) {
  const lm::Value code = kEncoder(scope.nested("encoder"), x);
  const std::vector<lm::Value> parts = lm::split(code, {kCode, kCode}, 1);
  const lm::Value mean = parts[0], log_variance = parts[1];
  lm::Value z = mean;
  if (scope.training()) z = mean + lm::exp(.5f * log_variance) * lm::random_normal(scope.state(), mean.desc());
  const lm::Value all[] = {kDecoder(scope.nested("decoder"), z), mean, log_variance};
  return lm::concat(all, 1);
}

// The reconstruction error, and the KL divergence of the code from a normal distribution.
struct Evidence {
  static constexpr const char* kKind = "evidence";
  static constexpr bool kClasses = false;
  lm::Value operator()(lm::Value prediction, lm::Value target, lm::Value mask) const {
    const std::vector<lm::Value> parts = lm::split(prediction, {kPixels, kCode, kCode}, 1);
    const lm::Value mean = parts[1], log_variance = parts[2];
    const lm::Value off = lm::sum(lm::binary_cross_entropy_with_logits(parts[0], target, 1, lm::Reduction::none), {1});
    const lm::Value spread = .5f * lm::sum(lm::square(mean) + lm::exp(log_variance) - log_variance - 1.f, {1});
    return lm::loss::masked_mean(off + spread, mask);
  }
};

// The images are their own targets.
lm::data::Dataset pictures(lm::data::Dataset set) {
  std::vector<float> pixels;
  for (std::byte b : set.x.bytes) pixels.push_back(static_cast<float>(b) / 255);
  set.y = lm::data::Array::floats({set.size(), kPixels}, pixels);
  set.classes = 0;
  return set;
}

int main(int argc, char** argv) try {
  const bool quick = argc > 1 && std::strcmp(argv[1], "--quick") == 0;
  const lm::data::Split data = lm::data::digits(quick ? 2000 : 10000, 500);
  const lm::data::Dataset train = pictures(data.train), test = pictures(data.test);
  lm::Trainer trainer{lm::Device::best(),
                      lm::Model{"autoencoder", autoencoder},
                      {.loss = Evidence{}, .optimizer = lm::optim::Adam{.lr = 2e-3f}}};
  const lm::History history = trainer.fit(train, {.epochs = quick ? 4 : 12, .batch_size = 50, .validation = &test});

  // Only the decoder, as a second program with the same parameters.
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> codes(4 * kCode);
  for (float& v : codes) v = normal(random);
  lm::Graph& graph = trainer.graph();
  const lm::Value z = graph.input("code", {{4, kCode}, lm::DType::f32});
  const lm::Value drawn = lm::sigmoid(kDecoder(lm::nn::Scope(graph, {}, false, 1).nested("decoder"), z));
  const auto program = trainer.session().compile({.targets = {drawn}});
  trainer.session().write(z, codes);
  if (program->run() != lm::Status::ok) return 1;
  const std::vector<float> pixels = program->read_floats(drawn);
  for (size_t row = 0; row < 28; row += 2) {
    for (size_t at = 0; at < 4 * 28; ++at)
      std::putchar(" .:+*#"[std::lround(5 * pixels[at / 28 * kPixels + row * 28 + at % 28])]);
    std::putchar('\n');
  }
  const double loss = history.last("val_loss");
  std::printf("%.1f nats a picture\n", loss);
  return loss < (quick ? 210 : 150) ? 0 : 1;
} catch (const lm::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
