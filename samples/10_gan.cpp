// A GAN: the generator makes points, the critic distinguishes them from real points, which lie on a ring. Two losses
// and two optimizers, as two programs on one state that run in turn; each uses the other's latest parameters.
//
//   10_gan [--quick]

#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <lemnos/lemnos.hpp>

namespace lm = lemnos;

constexpr int64_t kPoints = 2048, kBatch = 128, kNoise = 4;

lm::Model network(int64_t out) {
  return lm::nn::sequential({lm::nn::Linear{.out = 32}, lm::nn::LeakyRelu{.slope = .2f}, lm::nn::Linear{.out = 32},
                             lm::nn::LeakyRelu{.slope = .2f}, lm::nn::Linear{.out = out}});
}
const lm::Model kGenerator = network(2), kCritic = network(1);

// The two networks in one graph on the common state. The clock of an optimizer also draws its batches and its noise.
struct Networks {
  Networks(std::shared_ptr<lm::ModelState> state, const std::string& optimizer)
      : graph(std::move(state)), clock(lm::optim::clock(graph, optimizer)), scope(graph, clock, true, 1) {}

  lm::Value made(int64_t count) const {
    return kGenerator(scope.nested("generator"), lm::random_normal(clock, {{count, kNoise}, lm::DType::f32}));
  }
  lm::Value judged(lm::Value points) const { return kCritic(scope.nested("critic"), points); }
  std::vector<lm::Value> parameters_of(const std::string& name) const {
    std::vector<lm::Value> found;
    for (lm::Value p : graph.parameters())
      if (p.name().starts_with(name + ".")) found.push_back(p);
    return found;
  }

  lm::Graph graph;
  lm::Value clock;
  lm::nn::Scope scope;
};

std::vector<float> ring() {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> points;
  for (int64_t i = 0; i < kPoints; ++i) {
    const float angle = static_cast<float>(i) * 2.399963f, radius = 1 + .05f * normal(random);
    points.insert(points.end(), {radius * std::cos(angle), radius * std::sin(angle)});
  }
  return points;
}

int report(const std::vector<float>& made) {
  std::vector<std::string> picture(21, std::string(43, ' '));
  double distance = 0, x = 0, y = 0;
  for (size_t i = 0; i < made.size(); i += 2) {
    const float px = made[i], py = made[i + 1];
    distance += std::abs(std::hypot(px, py) - 1) / kPoints;
    x += px / kPoints;
    y += py / kPoints;
    const long column = std::lround(21 + px * 16), row = std::lround(10 - py * 8);
    if (column >= 0 && column < 43 && row >= 0 && row < 21) picture[size_t(row)][size_t(column)] = '*';
  }
  for (const std::string& line : picture) std::printf("%s\n", line.c_str());
  std::printf("the made points are %.3f from the ring on average, their centre %.3f from its own\n", distance,
              std::hypot(x, y));
  return distance < .25 && std::hypot(x, y) < .3 ? 0 : 1;
}

int main(int argc, char** argv) try {
  const int turns = argc > 1 && std::strcmp(argv[1], "--quick") == 0 ? 1000 : 3200;
  const lm::optim::Optimizer adam = lm::optim::Adam{.lr = 1e-3f, .beta1 = .5f};
  auto state = std::make_shared<lm::ModelState>();

  // The critic learns to give real points a value above 0, and generated points a value below.
  Networks lesson(state, "critic");
  const lm::Value points = lesson.graph.input("points", {{kPoints, 2}, lm::DType::f32});
  const lm::Value real = lm::gather(points, lm::batch_indices(lesson.clock, {.samples = kPoints, .batch = kBatch}));
  const lm::Value mistakes =
      lm::mean(lm::softplus(-lesson.judged(real)) + lm::softplus(lesson.judged(lesson.made(kBatch))));

  // The generator learns to make points that the critic takes for real.
  Networks game(state, "generator");
  const lm::Value refusals = lm::mean(lm::softplus(-game.judged(game.made(kBatch))));

  // Both networks have created their parameters; each optimizer gets those of its network.
  const auto session = lm::Device::best().open(state);
  const auto critic =
      session->compile({.targets = lm::optim::minimize(
                            mistakes, adam, {.parameters = lesson.parameters_of("critic"), .name = "critic"})});
  const auto generator =
      session->compile({.targets = lm::optim::minimize(
                            refusals, adam, {.parameters = game.parameters_of("generator"), .name = "generator"})});
  session->write(points, ring());
  for (int turn = 0; turn < turns; ++turn)
    if (critic->run() != lm::Status::ok || generator->run() != lm::Status::ok) return 1;

  Networks drawing(state, "drawing");
  const lm::Value drawn = drawing.made(kPoints);
  const auto program = session->compile({.targets = {drawn}});
  if (program->run() != lm::Status::ok) return 1;
  return report(program->read_floats(drawn));
} catch (const lm::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
