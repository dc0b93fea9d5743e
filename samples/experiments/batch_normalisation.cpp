// Batch normalisation over weight scales: it makes the start matter little.
//
// After every layer the mean of each unit over the batch is taken out and its deviation divided out: whatever the scale
// of the weights, the next layer sees numbers around 1. Without it most scales are a bad start.

#include <cmath>
#include <cstdio>

#include "common.h"

using namespace experiments;

void batch_normalisation(Experiment& e) {
  const lm::data::Split data = e.digits(1000, 1000);
  const int64_t epochs = e.size(8, 20);
  const int scales = e.size(3, 9);  // from 1 down to .001

  Table table({"deviation of the weights", "accuracy without", "accuracy with"});
  plot::Figure figure{
      .title = "Training accuracy with and without batch normalisation, by the deviation of the weights",
      .columns = 3,
      .panel_width = 300,
      .panel_height = 210};
  int without_learns = 0, with_learns = 0, with_ahead = 0;
  for (int i = 0; i < scales; ++i) {
    const double deviation = std::pow(10, -3. * i / (scales - 1));
    plot::Panel panel{.x = {.title = "epoch"}, .y = {.min = 0, .max = 1}, .marks = {}};
    char title[32];
    std::snprintf(title, sizeof title, "deviation %.2g", deviation);
    panel.title = title;
    double accuracy[2];
    for (const bool normalised : {false, true}) {
      const lm::Model model = mlp({.layers = 5, .init = lm::Init::normal(deviation), .batch_norm = normalised});
      lm::Trainer trainer{e.device, model, {.optimizer = lm::optim::Sgd{.lr = .05f}}};
      const lm::History history =
          trainer.fit(data.train, {.epochs = epochs, .batch_size = 100, .verbosity = lm::Verbosity::silent});
      plot::Line line = curve(history["accuracy"], i > 0 ? "" : normalised ? "with" : "without");
      line.colour = normalised;
      line.dashed = !normalised;
      panel.marks.emplace_back(line);
      accuracy[normalised] = history.last("accuracy");
    }
    figure.panels.push_back(panel);
    table.row(deviation, accuracy[0], accuracy[1]);
    without_learns += accuracy[0] > .5;
    with_learns += accuracy[1] > .5;
    with_ahead += accuracy[1] > accuracy[0];
  }
  table.print();
  e.picture("batch_normalisation", figure);

  e.must_see(with_ahead >= scales - 1, "it is ahead at every scale, or at all but one");
  e.must_see(with_learns > without_learns + scales / 3, "it learns from more scales");
}

int main(int argc, char** argv) {
  return run(argc, argv, "Batch normalisation over weight scales", batch_normalisation);
}
