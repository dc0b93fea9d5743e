// The learning rate: too small, good, too large, diverging; and what letting it fall buys.
//
// Too small a step wastes the day; too large a one jumps over the valley and, past the curvature's limit, out of it. A
// schedule takes large steps first and small ones at the end, when the noise of the batches is all that is left.

#include <algorithm>
#include <cmath>

#include "common.h"

using namespace experiments;

namespace {

struct Trial {
  Experiment& e;
  lm::data::Split data = e.digits(e.size(4000, 20000), e.size(1000, 4000));
  int64_t steps = e.size(150, 1500);
  size_t window = e.size(5, 25);

  std::vector<double> losses(const lm::optim::Sgd& sgd, const lm::optim::Schedule& schedule) const {
    lm::Trainer trainer{e.device, mlp({.layers = 3}), {.optimizer = sgd, .update = {.schedule = schedule}}};
    return train(trainer, data.train, e.size(32, 64), steps);
  }
};

// Each returns the losses at the end, in the order of its table.
std::vector<double> constant_rates(const Trial& trial, plot::Figure& figure) {
  const std::pair<const char*, float> rates[] = {
      {"too small: .0005", 5e-4f}, {"good: .1", .1f}, {"large: .6", .6f}, {"diverging: 10", 10}};
  Table table({"rate", "loss at the end"});
  plot::Panel by_rate{.title = "Four rates",
                      .x = {.title = "step"},
                      .y = {.title = "training loss", .log = true, .max = 100},
                      .marks = {}};
  std::vector<double> finals;
  for (const auto& [name, rate] : rates) {
    const std::vector<double> losses = trial.losses({.lr = rate}, {});
    by_rate.marks.emplace_back(curve(losses, name, trial.window));
    finals.push_back(final_mean(losses));
    table.row(name, finals.back());
  }
  table.print();
  figure.panels.push_back(by_rate);
  return finals;
}

std::vector<double> schedules_of_one_rate(const Trial& trial, plot::Figure& figure) {
  const std::pair<const char*, lm::optim::Schedule> schedules[] = {
      {"constant", {}},
      {"step", {.shape = lm::optim::StepDecay{.period = trial.steps / 3, .gamma = .2f}}},
      {"exponential", {.shape = lm::optim::Exponential{.gamma = std::pow(.01f, 1 / float(trial.steps))}}},
      {"cosine", {.shape = lm::optim::Cosine{.period = trial.steps}}},
      {"warm-up, cosine",
       {.shape = lm::optim::Cosine{.period = trial.steps - trial.steps / 10}, .warm_up = trial.steps / 10}},
      {"one cycle", {.shape = lm::optim::OneCycle{.period = trial.steps}}}};
  Table decays({"schedule of .4", "loss at the end"});
  plot::Panel factors{.title = "Schedules",
                      .x = {.title = "step"},
                      .y = {.title = "factor of the rate"},
                      .marks = {},
                      .legend_beside = true};
  plot::Panel by_schedule{.title = "Training with each",
                          .x = {.title = "step"},
                          .y = {.title = "training loss", .log = true},
                          .marks = {},
                          .legend_beside = true};
  std::vector<double> ends;
  for (const auto& [name, schedule] : schedules) {
    std::vector<double> factor;
    for (int64_t t = 0; t < trial.steps; ++t) factor.push_back(lm::optim::factor_at(schedule, t));
    factors.marks.emplace_back(curve(factor, name));
    const std::vector<double> losses = trial.losses({.lr = .4f}, schedule);
    by_schedule.marks.emplace_back(curve(losses, name, 2 * trial.window));
    ends.push_back(final_mean(losses));
    decays.row(name, ends.back());
  }
  decays.print();
  figure.panels.insert(figure.panels.end(), {factors, by_schedule});
  return ends;
}

}  // namespace

void learning_rate(Experiment& e) {
  const Trial trial{.e = e};
  plot::Figure figure{
      .title = "The learning rate", .panels = {}, .columns = 1, .panel_width = 640, .panel_height = 240};
  const std::vector<double> finals = constant_rates(trial, figure);
  const std::vector<double> ends = schedules_of_one_rate(trial, figure);
  e.picture("learning_rate", figure);

  e.must_see(finals[0] > 2 * finals[1], "too small: far behind");
  e.must_see(!(finals[3] < std::log(10.)), "diverging: worse than guessing");
  e.must_see(finals[1] < finals[2], "the good rate beats the large one");
  e.must_see(std::ranges::min_element(ends) != ends.begin(), "a falling rate ends lower than a constant one");
}

int main(int argc, char** argv) { return run(argc, argv, "The learning rate", learning_rate); }
