// A Wasserstein GAN with gradient penalty: the critic measures the distance between generated and real points; the real
// ones form eight clusters on a ring. Its value is a distance only if its slope is 1 between them. So its loss contains
// the gradient of its own output, which the training differentiates again. (Gulrajani et al., 2017.)
//
//   16_wgan_gp [--quick]

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>
#include <numbers>
#include <random>
#include <string>
#include <vector>

#include <lemnos/lemnos.hpp>

namespace lm = lemnos;

constexpr int64_t kPoints = 2048, kBatch = 64, kNoise = 2;
constexpr uint32_t kCriticSteps = 2;  // steps of the critic for each step of the generator
constexpr float kPenalty = .1f;       // the authors' value for points in a plane
constexpr size_t kHeaps = 8;

lm::Model network(int64_t out) {
  return lm::nn::sequential({lm::nn::Linear{.out = 48}, lm::nn::Silu{}, lm::nn::Linear{.out = 48}, lm::nn::Silu{},
                             lm::nn::Linear{.out = out}});
}
const lm::Model kGenerator = network(2), kCritic = network(1);

// The two networks in one graph on the common state, with a clock for its random numbers.
struct Networks {
  Networks(std::shared_ptr<lm::ModelState> state, const std::string& name)
      : graph(std::move(state)),
        clock(lm::optim::clock(graph, name)),
        points(graph.input("points", {{kPoints, 2}, lm::DType::f32})),
        scope(graph, clock, true, 1) {}

  lm::Value real() const { return lm::gather(points, lm::batch_indices(clock, {.samples = kPoints, .batch = kBatch})); }
  lm::Value made(int64_t count) const {
    return kGenerator(scope.nested("generator"), lm::random_normal(clock, {{count, kNoise}, lm::DType::f32}));
  }
  lm::Value judged(lm::Value x) const { return kCritic(scope.nested("critic"), x); }
  // |d judged / d x| of each row, at points between those of two batches. Rows are independent, so the gradient of
  // their sum contains each separately.
  lm::Value slopes(lm::Value from, lm::Value to) const {
    const lm::Value part = lm::random_uniform(clock, {{kBatch, 1}, lm::DType::f32});
    const lm::Value between = from + part * (to - from);
    const lm::Value slope = lm::gradients(lm::sum(judged(between)), std::array{between})[0];
    return lm::sqrt(lm::sum(lm::square(slope), {1}) + 1e-12f);
  }
  std::vector<lm::Value> parameters_of(const std::string& name) const {
    std::vector<lm::Value> found;
    for (lm::Value p : graph.parameters())
      if (p.name().starts_with(name + ".")) found.push_back(p);
    return found;
  }

  lm::Graph graph;
  lm::Value clock, points;
  lm::nn::Scope scope;
};

std::array<float, 2> heap(size_t i) {
  const float angle = 2 * std::numbers::pi_v<float> * static_cast<float>(i) / kHeaps;
  return {std::cos(angle), std::sin(angle)};
}

std::vector<float> heaps() {
  std::mt19937 random(1);
  std::normal_distribution<float> normal(0, .05f);
  std::vector<float> points;
  for (size_t i = 0; i < kPoints; ++i)
    for (float centre : heap(i % kHeaps)) points.push_back(centre + normal(random));
  return points;
}

int report(const std::vector<float>& made, double slope, double distance) {
  std::array<int, kHeaps> met{};
  for (size_t i = 0; i < made.size(); i += 2)
    for (size_t h = 0; h < kHeaps; ++h)
      if (std::hypot(made[i] - heap(h)[0], made[i + 1] - heap(h)[1]) < .25f) ++met[h];
  int all = 0;
  for (size_t h = 0; h < kHeaps; ++h) {
    std::printf("heap %zu: %4d of %d made points\n", h, met[h], static_cast<int>(kPoints));
    all += met[h];
  }
  const int fewest = *std::ranges::min_element(met);
  std::printf("%.0f %% of the made points lie in a heap; the critic's mean slope is %.3f, its distance %.3f\n",
              100. * all / kPoints, slope, distance);
  return fewest > kPoints / 40 && all > kPoints * 4 / 10 && std::abs(slope - 1) < .3 ? 0 : 1;
}

int main(int argc, char** argv) try {
  const int turns = argc > 1 && std::strcmp(argv[1], "--quick") == 0 ? 500 : 1500;
  const lm::optim::Optimizer adam = lm::optim::Adam{.lr = 4e-3f, .beta1 = .5f, .beta2 = .9f};
  auto state = std::make_shared<lm::ModelState>();

  Networks lesson(state, "critic");
  const lm::Value real = lesson.real(), made = lesson.made(kBatch);
  const lm::Value distance = lm::mean(lesson.judged(real)) - lm::mean(lesson.judged(made));
  const lm::Value penalty = lm::mean(lm::square(lesson.slopes(real, made) + -1.0f));
  Networks game(state, "generator");
  const lm::Value praise = lm::mean(game.judged(game.made(kBatch)));

  // Both networks have created their parameters; each optimizer gets those of its network.
  const auto session = lm::Device::best().open(state);
  const auto critic = session->compile(
      {.targets = lm::optim::minimize(kPenalty * penalty - distance, adam,
                                      {.parameters = lesson.parameters_of("critic"), .name = "critic"})});
  const auto generator =
      session->compile({.targets = lm::optim::minimize(
                            -praise, adam, {.parameters = game.parameters_of("generator"), .name = "generator"})});
  const std::vector<float> points = heaps();
  session->write(lesson.points, points);
  for (int turn = 0; turn < turns; ++turn)
    if (critic->run(kCriticSteps) != lm::Status::ok || generator->run() != lm::Status::ok) return 1;

  Networks drawing(state, "drawing");
  const lm::Value drawn = drawing.made(kPoints), slope = lm::mean(drawing.slopes(drawing.real(), drawing.made(kBatch)));
  const lm::Value apart = lm::mean(drawing.judged(drawing.points)) - lm::mean(drawing.judged(drawn));
  session->write(drawing.points, points);
  const auto program = session->compile({.targets = {drawn, slope, apart}});
  if (program->run() != lm::Status::ok) return 1;
  return report(program->read_floats(drawn), program->read_floats(slope)[0], program->read_floats(apart)[0]);
} catch (const lm::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
