// Vanishing and exploding gradients: how much of the gradient of the loss is left at each of twelve layers.
//
// On its way back the gradient is multiplied by each layer's weights and by the slope of its activation. A sigmoid's
// slope is 1/4 at most: after twelve of them nothing is left, and the first layers do not learn. Weights that are too
// large multiply instead; then one step throws the network out of the valley, unless the gradient is clipped to a norm.

#include <algorithm>
#include <cmath>

#include "common.h"

using namespace experiments;

constexpr int kLayers = 12;

struct Network {
  const char* name;
  bool relu;
  lm::Init init;
};

// The norm of the gradient of the loss for the output of each layer.
std::vector<double> gradient_norms(const lm::Device& device, const Network& network, const lm::data::Dataset& batch) {
  lm::Graph graph;
  const lm::nn::Scope scope(graph, lm::step_state(graph, 1), true, 1);
  const lm::Value pixels = cast(graph.constant(batch.x.desc, batch.x.bytes), lm::DType::f32);
  lm::Value x = flatten(affine(pixels, batch.scale, batch.shift));
  std::vector<lm::Value> layers;
  for (int i = 0; i < kLayers; ++i) {
    x = lm::nn::Linear{.out = 100, .bias = false, .weight_init = network.init}(scope.nested(std::to_string(i)), x);
    x = network.relu ? relu(x) : sigmoid(x);
    layers.push_back(x);
  }
  const lm::Value logits = lm::nn::Linear{.out = 10, .weight_init = lm::Init::xavier_normal()}(scope.nested("head"), x);
  const lm::Value loss = softmax_cross_entropy(logits, graph.constant(batch.y.desc, batch.y.bytes));
  std::vector<lm::Value> norms;
  for (const lm::Value& gradient : gradients(loss, layers)) norms.push_back(norm(gradient));

  const auto session = device.open(graph);
  const auto program = session->compile({.targets = norms});
  if (program->run() != lm::Status::ok) throw std::runtime_error("the device is lost");
  std::vector<double> values;
  for (const lm::Value& n : norms) values.push_back(program->read_floats(n)[0]);
  return values;
}

// Training with weights that are too large, 0 meaning unclipped.
std::vector<double> losses_clipped(const Experiment& e, const lm::data::Dataset& data, float clip_norm) {
  const lm::Model model = mlp({.layers = kLayers, .init = lm::Init::xavier_normal(1.8)});
  lm::Trainer trainer{e.device, model, {.optimizer = lm::optim::Sgd{.lr = .1f}, .update = {.clip_norm = clip_norm}}};
  return train(trainer, data, 100, e.size(100, 400));
}

void gradients_by_depth(Experiment& e) {
  const Network networks[] = {{"sigmoid, Xavier", false, lm::Init::xavier_normal()},
                              {"ReLU, Xavier", true, lm::Init::xavier_normal()},
                              {"ReLU, He", true, lm::Init::he_normal()},
                              {"ReLU, twice He", true, lm::Init::xavier_normal(2.83)}};
  const lm::data::Dataset data = e.digits(2000, 1).train;

  Table table({"activation and weights", "gradient at layer 1", "at layer 12", "ratio"});
  plot::Panel depth{.title = "What is left of the gradient",
                    .x = {.title = "layer", .integers = true},
                    .y = {.title = "norm of the gradient", .log = true},
                    .marks = {}};
  std::vector<double> ratios;
  for (const Network& network : networks) {
    const std::vector<double> norms = gradient_norms(e.device, network, data.slice(0, 100));
    plot::Line line = curve(norms, network.name);
    line.markers = true;
    depth.marks.emplace_back(line);
    ratios.push_back(norms.front() / norms.back());
    table.row(network.name, norms.front(), norms.back(), ratios.back());
  }
  table.print();

  const std::vector<double> free = losses_clipped(e, data, 0), clipped = losses_clipped(e, data, 1);
  plot::Panel clipping{.title = "Large weights, with and without clipping",
                       .x = {.title = "step"},
                       .y = {.title = "training loss", .log = true},
                       .marks = {}};
  clipping.marks.emplace_back(curve(free, "not clipped"));
  clipping.marks.emplace_back(curve(clipped, "clipped to norm 1"));
  Table trained({"training from large weights", "first loss", "loss at the end"});
  trained.row("not clipped", free.front(), final_mean(free));
  trained.row("clipped to norm 1", clipped.front(), final_mean(clipped));
  trained.print();
  e.picture("gradients", {.title = "Vanishing and exploding gradients in twelve layers", .panels = {depth, clipping}});

  e.must_see(ratios[0] < 1e-4,
             "sigmoids: the gradient of the first layer is less than a ten-thousandth of the last one's");
  e.must_see(ratios[2] > .1 && ratios[2] < 10, "ReLU from He's weights: it arrives");
  e.must_see(ratios[3] > 100, "weights twice as large: it is more than a hundred times as large");
  e.must_see(!(final_mean(free) < 2 * std::log(10.)), "not clipped: training is thrown out of the valley");
  e.must_see(final_mean(clipped) < std::log(10.), "clipped: it learns");
}

int main(int argc, char** argv) { return run(argc, argv, "Vanishing and exploding gradients", gradients_by_depth); }
