// Two networks against each other: one makes points, the other tells them from real ones, which lie on a ring. Both
// learn in the same step: what the critic learns from does not reach the generator, and what the generator learns from
// passes through a critic that is held still.
//
//   10_gan [--quick]

#include <cmath>
#include <cstdio>
#include <cstring>
#include <random>
#include <string>

#include <lemnos/lemnos.hpp>

namespace lm = lemnos;

lm::Model network(int64_t out) {
  return lm::nn::sequential({lm::nn::Linear{.out = 32}, lm::nn::LeakyRelu{.slope = .2f}, lm::nn::Linear{.out = 32},
                             lm::nn::LeakyRelu{.slope = .2f}, lm::nn::Linear{.out = out}});
}
const lm::Model kGenerator = network(2), kCritic = network(1);

// What the critic says of real points, of made ones as its own lesson, and of made ones as the generator's; and these.
lm::Value game(const lm::nn::Scope& scope, lm::Value real) {
  const lm::Value noise = lm::random_normal(scope.state(), {{real.shape()[0], 4}, lm::DType::f32});
  const lm::Value made = kGenerator(scope.nested("generator"), noise);
  const lm::nn::Scope critic = scope.nested("critic");
  const lm::Value all[] = {kCritic(critic, real), kCritic(critic, lm::stop_gradient(made)),
                           kCritic(critic.held(), made), made};
  return lm::concat(all, 1);
}

// -log of the probability that the critic gives to what it should say, and to what the generator wants it to say.
struct Adversaries {
  static constexpr const char* kKind = "adversaries";
  static constexpr bool kClasses = false;
  lm::Value operator()(lm::Value said, lm::Value, lm::Value mask) const {
    const std::vector<lm::Value> parts = lm::split(said, {1, 1, 1, 2}, 1);
    return lm::loss::masked_mean(lm::softplus(-parts[0]) + lm::softplus(parts[1]) + lm::softplus(-parts[2]), mask);
  }
};

lm::data::Dataset ring(int64_t count) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> points, nothing(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    const float angle = static_cast<float>(i) * 2.399963f, radius = 1 + .05f * normal(random);
    points.insert(points.end(), {radius * std::cos(angle), radius * std::sin(angle)});
  }
  return {.x = lm::data::Array::floats({count, 2}, points), .y = lm::data::Array::floats({count, 1}, nothing)};
}

int main(int argc, char** argv) try {
  const bool quick = argc > 1 && std::strcmp(argv[1], "--quick") == 0;
  const lm::data::Dataset data = ring(2048);
  lm::Trainer trainer{lm::Device::best(),
                      lm::Model{"game", game},
                      {.loss = Adversaries{}, .optimizer = lm::optim::Adam{.lr = 1e-3f, .beta1 = .5f}}};
  trainer.fit(data, {.epochs = quick ? 60 : 200, .batch_size = 128});

  std::vector<std::string> picture(21, std::string(43, ' '));
  double distance = 0, x = 0, y = 0;
  const std::vector<float> said = trainer.predict(data);  // five numbers a row, the last two a point
  for (size_t i = 0; i < said.size(); i += 5) {
    const float px = said[i + 3], py = said[i + 4];
    distance += std::abs(std::hypot(px, py) - 1);
    x += px;
    y += py;
    const long column = std::lround(21 + px * 16), row = std::lround(10 - py * 8);
    if (column >= 0 && column < 43 && row >= 0 && row < 21) picture[size_t(row)][size_t(column)] = '*';
  }
  for (const std::string& line : picture) std::printf("%s\n", line.c_str());
  const double count = static_cast<double>(data.size());
  std::printf("the made points are %.3f from the ring on average, their centre %.3f from its own\n", distance / count,
              std::hypot(x, y) / count);
  return distance / count < .25 && std::hypot(x, y) / count < .3 ? 0 : 1;
} catch (const lm::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
