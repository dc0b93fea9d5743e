// How weights start, on handwriting: five layers of ReLUs and plain SGD.
//
// From a deviation of .01 the outputs of the fifth layer do not depend on the image: neither does the gradient, and the
// network hardly learns. Xavier's and He's deviations pass on what they get.

#include <algorithm>

#include "common.h"

using namespace experiments;

void initialisation(Experiment& e) {
  const std::pair<const char*, lm::Init> starts[] = {{"deviation .01", lm::Init::normal(.01)},
                                                     {"Xavier", lm::Init::xavier_normal()},
                                                     {"He", lm::Init::he_normal()},
                                                     {"orthogonal, gain sqrt 2", lm::Init::orthogonal(1.4142)}};
  const lm::data::Split data = e.digits(e.size(4000, 60000), e.size(1000, 10000));
  const int64_t steps = e.size(300, 1000);
  const int seeds = e.size(1, 3);

  Table table({"weights", "loss at the end", "test accuracy", "worst seed"});
  plot::Panel panel{.x = {.title = "step"}, .y = {.title = "training loss"}, .marks = {}, .legend_beside = true};
  std::vector<double> finals;
  for (const auto& [name, init] : starts) {
    double loss = 0, accuracy = 0, worst = 1;
    for (int seed = 1; seed <= seeds; ++seed) {
      lm::Trainer trainer{e.device,
                          mlp({.layers = 5, .init = init}),
                          {.optimizer = lm::optim::Sgd{.lr = .01f}, .seed = uint64_t(seed)}};
      const std::vector<double> losses = train(trainer, data.train, e.size(32, 64), steps);
      const double right = trainer.evaluate(data.test).accuracy;
      loss += final_mean(losses) / seeds;
      accuracy += right / seeds;
      worst = std::min(worst, right);
      if (seed == 1) panel.marks.emplace_back(curve(losses, name, e.size(5, 25)));
    }
    table.row(name, loss, accuracy, worst);
    finals.push_back(loss);
  }
  table.print();
  e.picture(
      "initialisation",
      {.title = "784-100x5-10 with ReLU and SGD .01, by how the weights start", .panels = {panel}, .panel_width = 640});

  e.must_see(finals[0] > 2.25, "from .01 it hardly learns: the loss stays at ln 10 = 2.30");
  e.must_see(finals[1] < 2, "Xavier learns");
  e.must_see(finals[2] < finals[1], "He learns faster");
}

int main(int argc, char** argv) { return run(argc, argv, "How weights start", initialisation); }
