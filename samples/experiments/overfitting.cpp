// Over-fitting: a large network, few images, and what helps.
//
// A network with more weights than it has images learns every one of them by heart, the wrongly labelled ones too. Then
// the loss of the images that it has not seen rises again: where it errs it errs with ever more certainty. An L2
// penalty keeps the weights small; dropout lets no unit rely on another; augmentation shows each image in a new place
// every time; early stopping takes the weights from before the rise.

#include <algorithm>

#include "common.h"

using namespace experiments;

struct Remedy {
  const char* name;
  float weight_decay = 0, dropout = 0;
  bool augment = false, stop_early = false;
};

lm::Model network(const Remedy& remedy) {
  const lm::Model perceptron = mlp({.layers = 3, .dropout = remedy.dropout});
  return remedy.augment ? lm::nn::sequential({lm::nn::RandomAffine{}, perceptron}) : perceptron;
}

void overfitting(Experiment& e) {
  const Remedy remedies[] = {{"nothing"},
                             {"L2", .01f},
                             {"dropout", 0, .5f},
                             {"augmentation", 0, 0, true},
                             {"early stopping", 0, 0, false, true},
                             {"L2 and dropout", .01f, .3f}};
  lm::data::Split data = e.digits(400, e.size(256, 2000));
  mislabel(data.train, 6);
  const int64_t epochs = e.size(30, 60);

  Table table({"remedy", "training accuracy", "validation accuracy", "validation loss", "times its least"});
  plot::Figure figure{.title = "Loss of three layers of 100 units trained on 400 images, one in six mislabelled",
                      .columns = 3,
                      .panel_width = 340,
                      .panel_height = 240};
  std::vector<double> gaps, losses, rises;
  for (const Remedy& remedy : remedies) {
    lm::Trainer trainer{e.device, network(remedy), {.optimizer = lm::optim::Adam{.weight_decay = remedy.weight_decay}}};
    lm::FitOptions fit{
        .epochs = epochs, .batch_size = 50, .validation = &data.test, .verbosity = lm::Verbosity::silent};
    if (remedy.stop_early) fit.callbacks = {lm::callback::EarlyStopping{.patience = 8}};
    const lm::History history = trainer.fit(data.train, fit);
    // As the trained network is in use: without dropout and augmentation, from the best epoch where it stopped early.
    const lm::Metrics training = trainer.evaluate(data.train), validation = trainer.evaluate(data.test);
    gaps.push_back(training.accuracy - validation.accuracy);
    losses.push_back(validation.loss);
    rises.push_back(validation.loss / std::ranges::min(history["val_loss"]));
    table.row(remedy.name, training.accuracy, validation.accuracy, losses.back(), rises.back());
    plot::Panel panel{.title = remedy.name,
                      .x = {.title = "epoch", .max = double(epochs)},
                      .y = {.title = "loss", .log = true, .min = 1e-3, .max = 3},
                      .marks = {}};
    panel.marks.emplace_back(curve(history["loss"], "training"));
    panel.marks.emplace_back(curve(history["val_loss"], "validation"));
    figure.panels.push_back(panel);
  }
  table.print();
  e.picture("overfitting", figure);

  e.must_see(gaps[0] > .05, "without a remedy training is more than five points ahead of validation");
  e.must_see(rises[0] > 1.05, "and the loss of validation rises again");
  for (size_t i = 1; i < losses.size(); ++i)
    e.must_see(rises[i] < rises[0], std::string(remedies[i].name) + " holds the rise down");
  for (const size_t i : {1, 3, 4, 5}) e.must_see(losses[i] < losses[0], std::string(remedies[i].name) + " ends lower");
}

int main(int argc, char** argv) { return run(argc, argv, "Over-fitting", overfitting); }
