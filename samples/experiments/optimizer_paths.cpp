// Four optimizers on the way down f(x, y) = x^2 / 20 + y^2, a valley that is steep across and flat along.
//
// The gradient points across the valley nearly everywhere. SGD follows it and jumps from side to side. Momentum adds
// up what the gradients agree on. AdaGrad divides each direction by the size of its own gradients so far. Adam does
// both.

#include <algorithm>
#include <cmath>

#include "common.h"

using namespace experiments;

struct Path {
  std::vector<double> x, y;

  double length() const {
    double sum = 0;
    for (size_t i = 1; i < x.size(); ++i) sum += std::hypot(x[i] - x[i - 1], y[i] - y[i - 1]);
    return sum;
  }
  // How often the path changed sides of the valley.
  int crossings() const {
    int count = 0;
    for (size_t i = 1; i < y.size(); ++i) count += y[i] * y[i - 1] < 0;
    return count;
  }
  double height() const { return x.back() * x.back() / 20 + y.back() * y.back(); }
};

// The graph is written out: no model, no data, two numbers to train.
Path descend(const lm::Device& device, const lm::optim::Optimizer& optimizer, int steps) {
  lm::Graph graph;
  const lm::Value point = graph.parameter("point", {2}, std::vector<float>{-7, 2});
  const lm::Value steepness = graph.constant({2}, std::vector<float>{1.f / 20, 1});
  lm::place_gradients(sum(steepness * square(point)));
  const lm::Value moved = lm::optim::apply(graph, optimizer);
  const lm::Value advanced = lm::advance_step(lm::step_state(graph), lm::optim::advance_options(optimizer));

  const auto session = device.open(graph);
  const auto program = session->compile({.targets = {moved, advanced}});
  Path path{{-7}, {2}};
  for (int step = 0; step < steps; ++step) {
    if (program->run() != lm::Status::ok) throw std::runtime_error("the device is lost");
    const std::vector<float> now = session->read_floats(point);
    path.x.push_back(now[0]);
    path.y.push_back(now[1]);
  }
  return path;
}

plot::Contours valley() {
  plot::Contours f{.rows = 41, .columns = 41, .values = {}, .x0 = -10, .x1 = 10, .y0 = -5, .y1 = 5, .levels = {}};
  for (int64_t j = 0; j < f.rows; ++j)
    for (int64_t i = 0; i < f.columns; ++i)
      f.values.push_back(std::pow(.5 * double(i) - 10, 2) / 20 + std::pow(.25 * double(j) - 5, 2));
  f.levels = {.25, 1, 2, 4, 6, 9, 13, 18, 24};
  return f;
}

void optimizer_paths(Experiment& e) {
  const std::pair<const char*, lm::optim::Optimizer> optimizers[] = {
      {"SGD", lm::optim::Sgd{.lr = .95f}},
      {"Momentum", lm::optim::Sgd{.lr = .1f, .momentum = .9f}},
      {"AdaGrad", lm::optim::Adagrad{.lr = 1.5f}},
      {"Adam", lm::optim::Adam{.lr = .3f}}};
  Table table({"optimizer", "f after 30 steps", "length of the path", "sides changed"});
  plot::Figure figure{.title = "30 steps down f(x, y) = x²/20 + y²", .columns = 2};
  std::vector<Path> paths;
  for (const auto& [name, optimizer] : optimizers) {
    const Path path = descend(e.device, optimizer, 30);
    table.row(name, path.height(), path.length(), path.crossings());
    const plot::Line line{.x = path.x, .y = path.y, .colour = 1, .markers = true, .width = 1.2};
    figure.panels.push_back({.title = name, .x = {.title = "x"}, .y = {.title = "y"}, .marks = {valley(), line}});
    paths.push_back(path);
  }
  table.print();
  e.picture("optimizer_paths", figure);

  const Path &sgd = paths[0], &momentum = paths[1], &adagrad = paths[2], &adam = paths[3];
  e.must_see(sgd.crossings() >= 25, "SGD zigzags: it changes sides at nearly every step");
  e.must_see(momentum.crossings() < 15 && adam.crossings() < 15, "momentum and Adam turn in wide bows");
  e.must_see(adagrad.length() < std::min({sgd.length(), momentum.length(), adam.length()}),
             "AdaGrad goes the shortest way");
  for (const Path& path : paths) e.must_see(path.height() < .6, "the bottom is near");
}

int main(int argc, char** argv) { return run(argc, argv, "The paths of four optimizers", optimizer_paths); }
