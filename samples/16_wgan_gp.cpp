// A Wasserstein GAN whose critic is kept from being steep: between real points and made ones the gradient of what it
// says, for where it says it, shall have length 1 (WGAN-GP, Gulrajani et al., 2017). That gradient is a value like any
// other; the loss holds its length, and training differentiates it once more, for the critic's weights.
//
//   16_wgan_gp [--quick]

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <random>
#include <string>

#include <lemnos/lemnos.hpp>

namespace lm = lemnos;

lm::Model network(int64_t out) {
  return lm::nn::sequential({lm::nn::Linear{.out = 32}, lm::nn::Silu{}, lm::nn::Linear{.out = 32}, lm::nn::Silu{},
                             lm::nn::Linear{.out = out}});
}
const lm::Model kGenerator = network(2), kCritic = network(1);

// What the critic says of real points, of made ones as its own lesson, and of made ones as the generator's; how steep
// it is between them; and the made points.
lm::Value game(const lm::nn::Scope& scope, lm::Value real) {
  const int64_t rows = real.shape()[0];
  const lm::Value noise = lm::random_normal(scope.state(), {{rows, 4}, lm::DType::f32});
  const lm::Value made = kGenerator(scope.nested("generator"), noise), given = lm::stop_gradient(made);
  const lm::nn::Scope critic = scope.nested("critic");
  const lm::Value share = lm::random_uniform(scope.state(), {{rows, 1}, lm::DType::f32});
  const lm::Value between = given + share * (real - given);
  const lm::Value slopes = lm::gradients(lm::sum(kCritic(critic, between)), std::array{between})[0];
  const lm::Value all[] = {kCritic(critic, real), kCritic(critic, given), kCritic(critic.held(), made),
                           lm::norm(slopes, {1}, true), made};
  return lm::concat(all, 1);
}

struct Wasserstein {
  static constexpr const char* kKind = "wasserstein";
  static constexpr bool kClasses = false;
  lm::Value operator()(lm::Value said, lm::Value, lm::Value mask) const {
    const std::vector<lm::Value> parts = lm::split(said, {1, 1, 1, 1, 2}, 1);
    const lm::Value critic = parts[1] - parts[0] + 10.0f * lm::square(parts[3] - 1.0f);
    return lm::loss::masked_mean(critic - parts[2], mask);
  }
};

// Points around eight places on a ring.
lm::data::Dataset places(int64_t count) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> points, nothing(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    const float angle = static_cast<float>(i % 8) * .785398f;
    points.insert(points.end(), {std::cos(angle) + .05f * normal(random), std::sin(angle) + .05f * normal(random)});
  }
  return {.x = lm::data::Array::floats({count, 2}, points), .y = lm::data::Array::floats({count, 1}, nothing)};
}

int main(int argc, char** argv) try {
  const bool quick = argc > 1 && std::strcmp(argv[1], "--quick") == 0;
  const lm::data::Dataset data = places(2048);
  lm::Trainer trainer{lm::Device::best(),
                      lm::Model{"game", game},
                      {.loss = Wasserstein{},
                       .optimizer = lm::optim::Adam{.lr = 4e-3f, .beta1 = .5f, .beta2 = .9f},
                       .groups = {{.parameters = "generator.*", .lr_scale = .25f}}}};
  trainer.fit(data, {.epochs = quick ? 150 : 600, .batch_size = 128});

  std::vector<std::string> picture(21, std::string(43, ' '));
  const std::vector<float> said = trainer.predict(data);  // six numbers a row
  double distance = 0, steepness = 0;
  std::array<int, 8> visited{};
  for (size_t i = 0; i < said.size(); i += 6) {
    const float x = said[i + 4], y = said[i + 5];
    const long place = (std::lround(std::atan2(y, x) / .785398f) + 8) % 8;
    ++visited[static_cast<size_t>(place)];
    distance += std::abs(std::hypot(x, y) - 1);
    steepness += said[i + 3];
    const long column = std::lround(21 + x * 16), row = std::lround(10 - y * 8);
    if (column >= 0 && column < 43 && row >= 0 && row < 21) picture[size_t(row)][size_t(column)] = '*';
  }
  for (const std::string& line : picture) std::printf("%s\n", line.c_str());
  const double count = static_cast<double>(data.size());
  const int least = *std::min_element(visited.begin(), visited.end());
  std::printf("the critic's slope is %.3f on average; points are %.3f from the ring, the fewest around a place %d\n",
              steepness / count, distance / count, least);
  return std::abs(steepness / count - 1) < .3 && distance / count < .25 && least > 20 ? 0 : 1;
} catch (const lm::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
