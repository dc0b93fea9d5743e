// Data as it comes and data around zero: steps to a given loss.
//
// With pixels from 0 to 255 every input is positive and large: the valley is long and narrow, and a rate that is small
// enough for its walls is too small for its floor. Each kind of data gets the best of the same six rates.

#include <algorithm>
#include <cmath>

#include "common.h"

using namespace experiments;

void data_normalisation(Experiment& e) {
  const lm::data::Dataset ones = e.digits(e.size(4000, 20000), 1).train;  // a batch sees x / 255
  lm::data::Dataset raw = ones;
  raw.scale = 1;
  const std::pair<const char*, lm::data::Dataset> kinds[] = {
      {"0 to 255", raw}, {"0 to 1", ones}, {"mean 0, deviation 1", lm::data::standardise_channels(ones)(ones)}};
  const float rates[] = {1e-6f, 1e-5f, 1e-4f, 1e-3f, 1e-2f, 1e-1f};
  const int64_t steps = e.size(60, 600);
  const double goal = e.size(.7, .1);

  Table table({"pixels", "best rate", "steps to the goal", "loss at the end"});
  plot::Panel panel{.x = {.title = "step"}, .y = {.title = "training loss", .log = true, .max = 10}, .marks = {}};
  std::vector<double> needed;
  for (const auto& [name, data] : kinds) {
    std::vector<double> best;
    float best_rate = 0;
    for (const float rate : rates) {
      lm::Trainer trainer{e.device, mlp({.layers = 2}), {.optimizer = lm::optim::Sgd{.lr = rate}}};
      const std::vector<double> losses = train(trainer, data, e.size(32, 128), steps);
      if (!best.empty() && !(final_mean(losses) < final_mean(best))) continue;
      best = losses;
      best_rate = rate;
    }
    const plot::Line line = curve(best, name, 5);
    panel.marks.emplace_back(line);
    const auto reached = std::ranges::find_if(line.y, [&](double loss) { return loss < goal; });
    needed.push_back(reached == line.y.end() ? double(steps) : line.x[size_t(reached - line.y.begin())]);
    table.row(name, double(best_rate), needed.back(), final_mean(best));
  }
  table.print();
  e.picture("data_normalisation",
            {.title = "The same network, each at the best of six rates", .panels = {panel}, .panel_width = 560});

  e.must_see(needed[1] < needed[0] && needed[2] < needed[0], "pixels as they come take the most steps");
  e.must_see(needed[2] <= needed[1], "mean 0 and deviation 1 take the fewest");
}

int main(int argc, char** argv) { return run(argc, argv, "Data normalisation", data_normalisation); }
