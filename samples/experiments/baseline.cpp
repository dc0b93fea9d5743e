// The baselines: a perceptron and a convolutional network on handwriting.
//
// The perceptron sees 784 numbers and has to learn each place of a stroke by itself. The convolution learns a stroke
// once, for all places.

#include <cstdio>

#include "common.h"

using namespace experiments;

lm::Model perceptron() {
  return lm::nn::sequential({lm::nn::Flatten{}, lm::nn::Linear{.out = 512}, lm::nn::Relu{},
                             lm::nn::Dropout{.rate = .3f}, lm::nn::Linear{.out = 256}, lm::nn::Relu{},
                             lm::nn::Dropout{.rate = .3f}, lm::nn::Linear{.out = 10}});
}

lm::Model convolutional() {
  return lm::nn::sequential({lm::nn::Conv2d{.out = 16, .kernel = 3, .padding = 1, .bias = false}, lm::nn::BatchNorm{},
                             lm::nn::Relu{}, lm::nn::MaxPool2d{},
                             lm::nn::Conv2d{.out = 32, .kernel = 3, .padding = 1, .bias = false}, lm::nn::BatchNorm{},
                             lm::nn::Relu{}, lm::nn::MaxPool2d{}, lm::nn::Flatten{}, lm::nn::Dropout{.rate = .3f},
                             lm::nn::Linear{.out = 128}, lm::nn::Relu{}, lm::nn::Linear{.out = 10}});
}

void baseline(Experiment& e) {
  struct Network {
    const char* name;
    lm::Model model;
    int64_t epochs;
    double reached;  // what it must reach on the test set
  };
  const Network networks[] = {{"perceptron 784-512-256-10", perceptron(), e.size(2, 10), e.size(.9, .983)},
                              {"convolutions 16, 32", convolutional(), e.size(1, 5), e.size(.9, .99)}};
  const lm::data::Split data = e.digits(e.size(2000, 60000), e.size(500, 10000));
  const int64_t batch = e.size(32, 128);

  Table table({"network", "epochs", "training loss", "test accuracy"});
  plot::Panel panel{
      .x = {.title = "epoch", .integers = true}, .y = {.title = "test accuracy"}, .marks = {}, .legend_beside = true};
  for (const auto& [name, model, epochs, reached] : networks) {
    const int64_t steps = epochs * ((data.train.size() + batch - 1) / batch);
    lm::Trainer trainer{e.device,
                        model,
                        {.optimizer = lm::optim::Adam{.lr = 2e-3f},
                         .update = {.schedule = lm::optim::Schedule{.shape = lm::optim::Cosine{.period = steps}}}}};
    const lm::History history =
        trainer.fit(data.train, {.epochs = epochs, .batch_size = batch, .validation = &data.test});
    table.row(name, double(epochs), history.last("loss"), history.last("val_accuracy"));
    plot::Line line = curve(history["val_accuracy"], name);
    line.markers = true;
    panel.marks.emplace_back(line);
    char words[64];
    std::snprintf(words, sizeof words, "%s reaches %.1f %%", name, 100 * reached);
    e.must_see(history.last("val_accuracy") >= reached, words);
  }
  table.print();
  e.picture("baseline", {.title = "A perceptron and a convolutional network", .panels = {panel}, .panel_width = 680});
}

int main(int argc, char** argv) { return run(argc, argv, "Baselines", baseline); }
