// What reaches the depth: the outputs of five layers of 100 units, by how their weights start.
//
// Sigmoids with weights of deviation 1 saturate at 0 and 1, where their gradient is nothing; with .01 all units say
// 1/2, and a hundred units say no more than one. Xavier's deviation, sqrt(2 / (in + out)), keeps the spread. ReLU loses
// half of what reaches it, so it wants He's sqrt(2 / in).

#include <cmath>

#include "common.h"

using namespace experiments;

constexpr int kLayers = 5;
constexpr int64_t kUnits = 100, kExamples = 1000;

struct Start {
  const char* name;
  bool relu;
  lm::Init init;
};

struct Spread {
  double mean = 0, deviation = 0, saturated = 0;  // the last: the part of outputs within .05 of 0 or 1
};

Spread spread_of(const std::vector<double>& values) {
  Spread s;
  const auto count = static_cast<double>(values.size());
  for (const double v : values) s.mean += v / count;
  for (const double v : values) s.deviation += (v - s.mean) * (v - s.mean) / count;
  for (const double v : values) s.saturated += (v < .05 || v > .95) / count;
  s.deviation = std::sqrt(s.deviation);
  return s;
}

// The outputs of every layer for the same random input.
std::vector<std::vector<double>> outputs(const lm::Device& device, const Start& start) {
  lm::Graph graph;
  const lm::Value state = lm::step_state(graph, 1);
  const lm::nn::Scope scope(graph, state, false, 1);
  lm::Value x = lm::random_normal(state, {{kExamples, kUnits}, lm::DType::f32});
  std::vector<lm::Value> layers;
  for (int i = 0; i < kLayers; ++i) {
    x = lm::nn::Linear{.out = kUnits, .bias = false, .weight_init = start.init}(scope.nested(std::to_string(i)), x);
    x = start.relu ? relu(x) : sigmoid(x);
    layers.push_back(x);
  }
  const auto session = device.open(graph);
  const auto program = session->compile({.targets = layers});
  if (program->run() != lm::Status::ok) throw std::runtime_error("the device is lost");
  std::vector<std::vector<double>> all;
  for (const lm::Value& layer : layers) {
    const std::vector<float> values = program->read_floats(layer);
    all.emplace_back(values.begin(), values.end());
  }
  return all;
}

void activations(Experiment& e) {
  const Start starts[] = {
      {"sigmoid, deviation 1", false, lm::Init::normal(1)},  {"sigmoid, deviation .01", false, lm::Init::normal(.01)},
      {"sigmoid, Xavier", false, lm::Init::xavier_normal()}, {"ReLU, deviation .01", true, lm::Init::normal(.01)},
      {"ReLU, Xavier", true, lm::Init::xavier_normal()},     {"ReLU, He", true, lm::Init::he_normal()}};
  Table table({"activation and weights", "deviation, layer 1", "deviation, layer 5", "saturated, layer 5"});
  plot::Figure figure{.title = "Outputs of five layers, by the weights they start from",
                      .columns = kLayers,
                      .panel_width = 220,
                      .panel_height = 150};
  std::vector<Spread> first, last;
  for (const Start& start : starts) {
    const auto layers = outputs(e.device, start);
    for (int i = 0; i < kLayers; ++i) {
      const std::string title = i == 0 ? start.name : "layer " + std::to_string(i + 1);
      plot::Bars bars = plot::histogram(layers[size_t(i)], 40, 0, 1);
      bars.colour = start.relu ? 1 : 0;
      figure.panels.push_back({.title = title,
                               .x = {.min = 0, .max = 1},
                               .y = {.min = 0, .max = start.relu ? 15e3 : 40e3},
                               .marks = {bars}});
    }
    first.push_back(spread_of(layers.front()));
    last.push_back(spread_of(layers.back()));
    table.row(start.name, first.back().deviation, last.back().deviation, last.back().saturated);
  }
  table.print();
  e.picture("activations", figure);

  e.must_see(last[0].saturated > .5, "sigmoids saturate when the weights are large");
  e.must_see(last[1].deviation < .05 && std::fabs(last[1].mean - .5) < .1,
             "they all say 1/2 when the weights are small");
  e.must_see(last[2].deviation > 3 * last[1].deviation && last[2].saturated < .05, "Xavier keeps their spread");
  e.must_see(last[3].deviation < 1e-3, "ReLUs with small weights fall silent");
  e.must_see(last[4].deviation < .5 * first[4].deviation, "with Xavier's they fade layer by layer");
  e.must_see(last[5].deviation > .5 * first[5].deviation && last[5].deviation < 2 * first[5].deviation,
             "He keeps the spread of ReLUs");
}

int main(int argc, char** argv) { return run(argc, argv, "Outputs by the weights they start from", activations); }
