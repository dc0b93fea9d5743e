// Over-fitting: a large network, few images, and what helps.
//
// A network with more weights than it has images learns every one of them by heart, the wrongly labelled ones too. Then
// the loss of the images that it has not seen rises again: where it errs it errs with ever more certainty. An L2
// penalty keeps the weights small; dropout lets no unit rely on another.

#include <algorithm>

#include "common.h"

using namespace experiments;

struct Remedy {
  const char* name;
  float weight_decay = 0, dropout = 0;
};

void overfitting(Experiment& e) {
  const Remedy remedies[] = {{"nothing"}, {"L2", .01f}, {"dropout", 0, .5f}, {"both", .01f, .3f}};
  lm::data::Split data = e.digits(400, e.size(500, 2000));
  mislabel(data.train, 6);
  const int64_t epochs = e.size(40, 100);

  Table table({"remedy", "training accuracy", "validation accuracy", "validation loss", "times its least"});
  plot::Figure figure{.title = "Loss of three layers of 100 units trained on 400 images, one in six mislabelled",
                      .columns = 2,
                      .panel_width = 420,
                      .panel_height = 260};
  std::vector<double> gaps, losses, rises;
  for (const Remedy& remedy : remedies) {
    const lm::Model model = mlp({.layers = 3, .dropout = remedy.dropout});
    lm::Trainer trainer{e.device, model, {.optimizer = lm::optim::Adam{.weight_decay = remedy.weight_decay}}};
    const lm::History history = trainer.fit(
        data.train, {.epochs = epochs, .batch_size = 50, .validation = &data.test, .verbosity = lm::Verbosity::silent});
    // The history's own training accuracy is taken with dropout on.
    const double training = trainer.evaluate(data.train).accuracy;
    gaps.push_back(training - history.last("val_accuracy"));
    losses.push_back(history.last("val_loss"));
    rises.push_back(losses.back() / std::ranges::min(history["val_loss"]));
    table.row(remedy.name, training, history.last("val_accuracy"), losses.back(), rises.back());
    plot::Panel panel{
        .title = remedy.name, .x = {.title = "epoch"}, .y = {.log = true, .min = 1e-3, .max = 3}, .marks = {}};
    panel.marks.emplace_back(curve(history["loss"], "training"));
    panel.marks.emplace_back(curve(history["val_loss"], "validation"));
    figure.panels.push_back(panel);
  }
  table.print();
  e.picture("overfitting", figure);

  e.must_see(gaps[0] > .05, "without a remedy training is more than five points ahead of validation");
  e.must_see(rises[0] > 1.05, "and the loss of validation rises again");
  for (const size_t i : {1, 2, 3})
    e.must_see(rises[i] < rises[0], std::string(remedies[i].name) + " holds the rise down");
  e.must_see(losses[1] < losses[0] && losses[3] < losses[0], "L2, alone or with dropout, ends lower");
}

int main(int argc, char** argv) { return run(argc, argv, "Over-fitting", overfitting); }
