// The batch size: 1, a few dozen, everything at once.
//
// One image at a time gives many noisy steps, none of which fills the device; everything at once gives one exact step
// an epoch. In between lies what is used. Each is trained to the same loss. The last panel goes in a straight line from
// the weights that batches of 32 found to those of the whole set, and beyond: how wide is the valley around each?

#include <chrono>

#include "common.h"

using namespace experiments;

struct Run {
  const char* name;
  int64_t batch;
  float rate;
  std::vector<double> losses, seconds;  // after each epoch
  std::vector<float> weights;
};

lm::Trainer trainer_for(const Experiment& e, float rate) {
  return {e.device, mlp({.layers = 2}), {.optimizer = lm::optim::Sgd{.lr = rate}}};
}

// Epochs until the training loss is at the goal.
void train_to(double goal, Run& run, const Experiment& e, const lm::data::Dataset& data) {
  constexpr size_t kMostEpochs = 2000;
  lm::Trainer trainer = trainer_for(e, run.rate);
  trainer.begin(data, run.batch);
  trainer.step(1);  // the driver may have compiling to do, which is no part of the measurement
  double seconds = 0;
  while (run.losses.size() < kMostEpochs && (run.losses.empty() || run.losses.back() > goal)) {
    const auto start = std::chrono::steady_clock::now();
    trainer.step((data.size() + run.batch - 1) / run.batch);
    seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    run.seconds.push_back(seconds);
    run.losses.push_back(trainer.evaluate(data).loss);
  }
  run.weights = trainer.session().read_floats(trainer.graph().flat_parameters());
}

// The loss along the straight line from the weights of `a` (0) to those of `b` (1), from -1 to 2.
plot::Line line_between(const Experiment& e, const Run& a, const Run& b, const lm::data::Dataset& data) {
  lm::Trainer trainer = trainer_for(e, a.rate);
  (void)trainer.evaluate(data);  // builds the parameters
  plot::Line line{.label = "training loss", .width = 1.6};
  for (double place = -1; place < 2.01; place += .125) {
    std::vector<float> weights;
    for (size_t i = 0; i < a.weights.size(); ++i)
      weights.push_back(float((1 - place) * a.weights[i] + place * b.weights[i]));
    trainer.session().write(trainer.graph().flat_parameters(), weights);
    line.x.push_back(place);
    line.y.push_back(trainer.evaluate(data).loss);
  }
  return line;
}

void batch_size(Experiment& e) {
  const lm::data::Dataset data = e.digits(e.size(500, 2000), 1).train;
  const int64_t all = data.size();
  Run runs[] = {{"1", 1, .01f, {}, {}, {}}, {"32", 32, .1f, {}, {}, {}}, {"everything", all, .3f, {}, {}, {}}};

  Table table({"batch", "rate", "epochs", "steps", "seconds", "training loss"});
  plot::Panel by_epoch{.title = "By epoch",
                       .x = {.title = "epoch", .log = true},
                       .y = {.title = "training loss", .log = true},
                       .marks = {}};
  plot::Panel by_time = by_epoch;
  by_time.title = "By time";
  by_time.x.title = "seconds";
  for (Run& run : runs) {
    train_to(e.size(.3, .03), run, e, data);
    const auto epochs = static_cast<double>(run.losses.size());
    table.row(run.name, double(run.rate), epochs, epochs * double((all + run.batch - 1) / run.batch),
              run.seconds.back(), run.losses.back());
    plot::Line line = curve(run.losses, "batch of " + std::string(run.name));
    line.markers = run.losses.size() < 20;
    by_epoch.marks.emplace_back(line);
    line.x.assign(run.seconds.begin(), run.seconds.end());
    by_time.marks.emplace_back(line);
  }
  table.print();
  const plot::Line between = line_between(e, runs[1], runs[2], data);
  const plot::Panel valley{.title = "From batches of 32 (0) to everything (1)",
                           .x = {.title = "place on the line"},
                           .y = {.title = "training loss"},
                           .marks = {between}};
  e.picture("batch_size", {.title = "The batch size", .panels = {by_epoch, by_time, valley}, .panel_width = 400});

  e.must_see(runs[0].losses.size() <= runs[1].losses.size() && runs[1].losses.size() < runs[2].losses.size(),
             "the smaller the batch, the fewer epochs");
  e.must_see(runs[0].seconds.back() > runs[1].seconds.back(), "one at a time takes longer than batches of 32");
  if (!e.quick)  // trained to the bottom, there are valleys to compare
    e.must_see(between.y.back() > between.y.front(), "everything at once: its valley is the steeper one");
}

int main(int argc, char** argv) { return run(argc, argv, "The batch size", batch_size); }
