// Logic gates: what one perceptron can learn, and what it cannot.
//
// A perceptron, sigmoid(w1 a + w2 b + c), separates the plane by one straight line. AND, OR and NAND have their ones on
// one side of a line; XOR has not, whatever the weights. A hidden layer bends the line.

#include "common.h"

using namespace experiments;

struct Gate {
  const char* name;
  std::vector<float> truth;  // for the inputs 00, 01, 10, 11
  int64_t hidden;            // units of a hidden layer; 0: none
};

lm::data::Dataset truth_table(const Gate& gate) {
  return {.x = lm::data::Array::floats({4, 2}, {0, 0, 0, 1, 1, 0, 1, 1}),
          .y = lm::data::Array::floats({4, 1}, gate.truth)};
}

// The output of the network over the square from -1/2 to 3/2, as level lines, and the four points of the table.
plot::Panel surface(const Gate& gate, lm::Trainer& trainer) {
  constexpr int64_t kSide = 31;
  std::vector<float> points;
  for (int64_t j = 0; j < kSide; ++j)
    for (int64_t i = 0; i < kSide; ++i)
      for (const int64_t k : {i, j}) points.push_back(2.f * static_cast<float>(k) / (kSide - 1) - .5f);
  const int64_t count = kSide * kSide;
  const std::vector<float> y = trainer.predict({.x = lm::data::Array::floats({count, 2}, points),
                                                .y = lm::data::Array::floats({count, 1}, std::vector<float>(count))},
                                               count);
  plot::Scatter ones{.label = "1", .colour = 1, .radius = 6}, zeros{.label = "0", .colour = 6, .radius = 6};
  for (size_t i = 0; i < 4; ++i) {
    plot::Scatter& side = gate.truth[i] > .5f ? ones : zeros;
    side.x.push_back(static_cast<double>(i / 2));
    side.y.push_back(static_cast<double>(i % 2));
  }
  plot::Contours levels{
      .rows = kSide, .columns = kSide, .values = {y.begin(), y.end()}, .x0 = -.5, .x1 = 1.5, .y0 = -.5, .y1 = 1.5};
  levels.levels = {.1, .2, .3, .4, .5, .6, .7, .8, .9};
  return {.title = gate.name, .x = {.title = "a"}, .y = {.title = "b"}, .marks = {levels, zeros, ones}};
}

void logic_gates(Experiment& e) {
  const Gate gates[] = {{"AND", {0, 0, 0, 1}, 0},
                        {"OR", {0, 1, 1, 1}, 0},
                        {"NAND", {1, 1, 1, 0}, 0},
                        {"XOR", {0, 1, 1, 0}, 0},
                        {"XOR, two layers", {0, 1, 1, 0}, 8}};
  Table table({"gate", "00", "01", "10", "11", "right of 4"});
  plot::Figure figure{
      .title = "What one perceptron learns, and what it cannot", .columns = 3, .panel_width = 320, .panel_height = 300};
  for (const Gate& gate : gates) {
    std::vector<lm::nn::Layer> layers;
    if (gate.hidden) layers = {lm::nn::Linear{.out = gate.hidden}, lm::nn::Tanh{}};
    layers.insert(layers.end(), {lm::nn::Linear{.out = 1}, lm::nn::Sigmoid{}});
    lm::Trainer trainer{
        e.device, lm::nn::sequential(layers), {.loss = lm::loss::Mse{}, .optimizer = lm::optim::Adam{.lr = .05f}}};
    trainer.begin(truth_table(gate), 4);
    trainer.step(500);

    const std::vector<float> y = trainer.predict(truth_table(gate), 4);
    int right = 0;
    for (size_t i = 0; i < 4; ++i) right += (y[i] > .5f) == (gate.truth[i] > .5f);
    table.row(gate.name, y[0], y[1], y[2], y[3], right);
    figure.panels.push_back(surface(gate, trainer));
    const bool one_line = gate.hidden == 0 && gate.truth == gates[3].truth;
    e.must_see(one_line ? right < 4 : right == 4,
               std::string(gate.name) + (one_line ? " is not learnt" : " is learnt"));
  }
  table.print();
  e.picture("logic_gates", figure);
}

int main(int argc, char** argv) { return run(argc, argv, "Logic gates", logic_gates); }
