// A network that solves the heat equation u_t = a u_xx on a rod with ends at 0 and the initial temperature sin(pi x).
// It sees no solution: the loss is the residual of the equation and of the initial condition. Its derivatives are
// gradients of the network for its inputs, and the training differentiates them again for the weights. The exact
// solution is exp(-a pi^2 t) sin(pi x).
//
//   15_heat_equation [--quick]

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <numbers>
#include <random>

#include <lemnos/lemnos.hpp>

namespace lm = lemnos;

constexpr float kConductivity = .1f;

const lm::Model kNetwork = lm::nn::sequential(
    {lm::nn::Linear{.out = 32}, lm::nn::Tanh{}, lm::nn::Linear{.out = 32}, lm::nn::Tanh{}, lm::nn::Linear{.out = 1}});

// The factor x (1 - x) keeps the ends at 0.
lm::Value temperature(const lm::nn::Scope& scope, lm::Value x, lm::Value t) {
  const lm::Value place[] = {x, t};
  return x * lm::affine(x, -1, 1) * kNetwork(scope, lm::concat(place, 1));
}

// du/dx of each row: rows are independent, so the gradient of their sum contains each separately.
lm::Value derivative(lm::Value u, lm::Value x) { return lm::gradients(lm::sum(u), std::array{x})[0]; }

// For rows x, t, sin(pi x): the residual of the equation, that of the initial condition, and the temperature.
lm::Value rod(const lm::nn::Scope& scope, lm::Value points) {
  const std::vector<lm::Value> p = lm::split(points, {1, 1, 1}, 1);
  const lm::Value x = p[0], t = p[1], u = temperature(scope, x, t);
  const lm::Value u_t = derivative(u, t), u_xx = derivative(derivative(u, x), x);
  const lm::Value columns[] = {u_t - kConductivity * u_xx, temperature(scope, x, 0.0f * t) - p[2], u};
  return lm::concat(columns, 1);
}

struct LeftOver {
  static constexpr const char* kKind = "left over";
  static constexpr bool kClasses = false;
  lm::Value operator()(lm::Value said, lm::Value, lm::Value mask) const {
    const std::vector<lm::Value> parts = lm::split(said, {1, 1, 1}, 1);
    return lm::loss::masked_mean(lm::square(parts[0]) + 10.0f * lm::square(parts[1]), mask);
  }
};

lm::data::Dataset anywhere(int64_t count) {
  std::mt19937 random(1);
  std::uniform_real_distribution<float> uniform;
  std::vector<float> points, nothing(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    const float x = uniform(random), t = uniform(random);
    points.insert(points.end(), {x, t, std::sin(std::numbers::pi_v<float> * x)});
  }
  return {.x = lm::data::Array::floats({count, 3}, points), .y = lm::data::Array::floats({count, 1}, nothing)};
}

int main(int argc, char** argv) try {
  const bool quick = argc > 1 && std::strcmp(argv[1], "--quick") == 0;
  const int64_t points = 2048, batch = 256, epochs = quick ? 100 : 400;
  const lm::optim::Schedule fading{.shape = lm::optim::Cosine{.period = epochs * points / batch}};
  lm::Trainer trainer{lm::Device::best(),
                      lm::Model{"rod", rod},
                      {.loss = LeftOver{}, .optimizer = lm::optim::Adam{.lr = 5e-3f}, .update = {.schedule = fading}}};
  trainer.fit(anywhere(points), {.epochs = epochs, .batch_size = batch});

  std::printf("   t  at the middle   exactly\n");
  std::vector<float> grid;
  for (int t = 0; t <= 10; ++t)
    for (int x = 0; x <= 20; ++x)
      grid.insert(grid.end(), {.05f * static_cast<float>(x), .1f * static_cast<float>(t), 0});
  const std::vector<float> said = trainer.predict({.x = lm::data::Array::floats({231, 3}, grid)});
  double worst = 0;
  for (size_t i = 0; i < 231; ++i) {
    const double x = grid[3 * i], t = grid[3 * i + 1], pi = std::numbers::pi;
    const double u = said[3 * i + 2], exact = std::exp(-kConductivity * pi * pi * t) * std::sin(pi * x);
    worst = std::max(worst, std::abs(u - exact));
    if (i % 42 == 10) std::printf("%4.1f  %13.4f  %8.4f\n", t, u, exact);
  }
  std::printf("the temperature is off by %.4f at most\n", worst);
  return worst < .02 ? 0 : 1;
} catch (const lm::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
