// The learning rate: too small, good, too large, diverging; and what letting it fall buys.
//
// Too small a step wastes the day; too large a one jumps over the valley and, past the curvature's limit, out of it. A
// schedule takes large steps first and small ones at the end, when the noise of the batches is all that is left.

#include <algorithm>
#include <cmath>

#include "common.h"

using namespace experiments;

struct Bench {
  Experiment& e;
  lm::data::Dataset data;
  int64_t steps;

  std::vector<double> losses(float rate, const lm::optim::Schedule& schedule) const {
    lm::Trainer trainer{
        e.device, mlp({.layers = 3}), {.optimizer = lm::optim::Sgd{.lr = rate}, .update = {.schedule = schedule}}};
    return train(trainer, data, 32, steps);
  }
  size_t window() const { return e.size(5, 25); }
};

plot::Panel four_rates(const Bench& bench) {
  const std::pair<const char*, float> rates[] = {
      {"too small: .0005", 5e-4f}, {"good: .1", .1f}, {"large: .6", .6f}, {"diverging: 10", 10}};
  Table table({"rate", "loss at the end"});
  plot::Panel panel{.title = "Four rates",
                    .x = {.title = "step"},
                    .y = {.title = "training loss", .log = true, .max = 100},
                    .marks = {},
                    .legend_beside = true};
  std::vector<double> finals;
  for (const auto& [name, rate] : rates) {
    const std::vector<double> losses = bench.losses(rate, {});
    panel.marks.emplace_back(curve(losses, name, bench.window()));
    finals.push_back(final_mean(losses));
    table.row(name, finals.back());
  }
  table.print();
  bench.e.must_see(finals[0] > 2 * finals[1], "too small: far behind");
  bench.e.must_see(!(finals[3] < std::log(10.)), "diverging: worse than guessing");
  bench.e.must_see(finals[1] < finals[2], "the good rate beats the large one");
  return panel;
}

// The factors of the schedules, and training with each.
std::pair<plot::Panel, plot::Panel> schedules(const Bench& bench) {
  const int64_t steps = bench.steps;
  const std::pair<const char*, lm::optim::Schedule> all[] = {
      {"constant", {}},
      {"step", {.shape = lm::optim::StepDecay{.period = steps / 3, .gamma = .2f}}},
      {"exponential", {.shape = lm::optim::Exponential{.gamma = std::pow(.01f, 1 / float(steps))}}},
      {"cosine", {.shape = lm::optim::Cosine{.period = steps}}},
      {"warm-up, cosine", {.shape = lm::optim::Cosine{.period = steps - steps / 10}, .warm_up = steps / 10}},
      {"one cycle", {.shape = lm::optim::OneCycle{.period = steps}}}};
  Table table({"schedule of .3", "loss at the end"});
  plot::Panel factors{.title = "Schedules",
                      .x = {.title = "step"},
                      .y = {.title = "factor of the rate"},
                      .marks = {},
                      .legend_beside = true};
  plot::Panel training{.title = "Training with each",
                       .x = factors.x,
                       .y = {.title = "training loss", .log = true, .max = 3},
                       .marks = {},
                       .legend_beside = true};
  std::vector<double> ends;
  for (const auto& [name, schedule] : all) {
    std::vector<double> factor;
    for (int64_t t = 0; t < steps; ++t) factor.push_back(lm::optim::factor_at(schedule, t));
    factors.marks.emplace_back(curve(factor, name));
    const std::vector<double> losses = bench.losses(.3f, schedule);
    training.marks.emplace_back(curve(losses, name, 2 * bench.window()));
    ends.push_back(final_mean(losses));
    table.row(name, ends.back());
  }
  table.print();
  bench.e.must_see(std::ranges::min_element(ends) != ends.begin(), "a falling rate ends lower than a constant one");
  return {factors, training};
}

void learning_rate(Experiment& e) {
  const Bench bench{e, e.digits(e.size(4000, 20000), 1).train, e.size(150, 1000)};
  const plot::Panel rates = four_rates(bench);
  const auto [factors, training] = schedules(bench);
  e.picture("learning_rate", {.title = "The learning rate",
                              .panels = {rates, factors, training},
                              .columns = 1,
                              .panel_width = 640,
                              .panel_height = 240});
}

int main(int argc, char** argv) { return run(argc, argv, "The learning rate", learning_rate); }
