// The optimizers on handwriting: the same network, the same batches, the same start; only the update differs.
//
// Each has the rate that it is usually given. SGD with .01 creeps; momentum with the same rate goes ten times as far;
// those that give every weight its own step need no luck with the rate.

#include <algorithm>

#include "common.h"

using namespace experiments;

struct Contender {
  const char* name;
  lm::optim::Optimizer optimizer;
};

// What the seeds of one optimizer came to.
struct Result {
  std::vector<double> losses;  // of the first seed, step by step
  double loss = 0, accuracy = 0, worst = 1;
};

Result compete(const Experiment& e, const Contender& contender, const lm::data::Split& data, int64_t steps) {
  Result result;
  const int seeds = e.size(1, 3);
  for (int seed = 1; seed <= seeds; ++seed) {
    lm::Trainer trainer{e.device, mlp({.layers = 4}), {.optimizer = contender.optimizer, .seed = uint64_t(seed)}};
    const std::vector<double> losses = train(trainer, data.train, e.size(32, 64), steps);
    const double accuracy = trainer.evaluate(data.test).accuracy;
    result.loss += final_mean(losses) / seeds;
    result.accuracy += accuracy / seeds;
    result.worst = std::min(result.worst, accuracy);
    if (seed == 1) result.losses = losses;
  }
  return result;
}

void optimizers(Experiment& e) {
  namespace optim = lm::optim;
  const Contender contenders[] = {{"SGD", optim::Sgd{}},
                                  {"Momentum", optim::Sgd{.momentum = .9f}},
                                  {"AdaGrad", optim::Adagrad{}},
                                  {"Adam", optim::Adam{}},
                                  {"Nesterov", optim::Sgd{.momentum = .9f, .nesterov = true}},
                                  {"RMSprop", optim::RmsProp{.lr = 1e-3f}},
                                  {"Adadelta", optim::Adadelta{}},
                                  {"AdamW", optim::AdamW{}},
                                  {"NAdam", optim::NAdam{}},
                                  {"Adamax", optim::Adamax{}},
                                  {"RAdam", optim::RAdam{}},
                                  {"Lion", optim::Lion{}},
                                  {"LAMB", optim::Lamb{}},
                                  {"Muon", optim::Muon{}}};
  const lm::data::Split data = e.digits(e.size(4000, 60000), e.size(1000, 10000));
  const int64_t steps = e.size(150, 1000);

  Table table({"optimizer", "loss at the end", "test accuracy", "worst seed"});
  std::vector<plot::Panel> panels = {
      {.title = "The four of the paths"}, {.title = "Their kin"}, {.title = "Later ones"}};
  std::vector<double> finals;
  for (const Contender& contender : contenders) {
    const Result result = compete(e, contender, data, steps);
    table.row(contender.name, result.loss, result.accuracy, result.worst);
    const size_t panel = finals.size() < 4 ? 0 : finals.size() < 10 ? 1 : 2;
    panels[panel].marks.emplace_back(curve(result.losses, contender.name, e.size(5, 25)));
    finals.push_back(result.loss);
  }
  table.print();
  for (plot::Panel& panel : panels) {
    panel.x = {.title = "step"};
    panel.y = {.title = "training loss", .log = true};
    panel.legend_beside = true;
  }
  e.picture("optimizers",
            {.title = "784-100-100-100-100-10 on handwriting, by optimizer", .panels = panels, .panel_width = 420});

  e.must_see(std::ranges::max_element(finals) == finals.begin(), "SGD is the slowest of all");
  e.must_see(finals[2] < finals[0] / 2 && finals[3] < finals[0] / 2, "AdaGrad and Adam are at less than half its loss");
}

int main(int argc, char** argv) { return run(argc, argv, "Optimizers on handwriting", optimizers); }
