// Label smoothing and input noise: two ways to be less sure, measured on images that were not learnt.
//
// A network that is asked for certainty gives it, also where it is wrong. Smoothing asks for 90 % instead. Noise on
// the pixels asks for the same answer all around each image. Confidence is the mean of the largest probability: the
// nearer to the accuracy, the better the network knows what it knows.

#include <algorithm>
#include <cmath>

#include "common.h"

using namespace experiments;

struct Kind {
  const char* name;
  float smoothing = 0, noise = 0;
};

lm::Model noisy(float deviation) {
  return lm::nn::sequential({lm::nn::GaussianNoise{.deviation = deviation}, mlp({.layers = 3})});
}

// What the predictions for the rows of a data set came to.
struct Judgement {
  double accuracy = 0, confidence = 0, loss = 0;
};

Judgement judge(lm::Trainer& trainer, const lm::data::Dataset& data) {
  const std::vector<float> probabilities = lm::metrics::probabilities(trainer.predict(data), 10);
  const std::vector<int32_t> labels = data.labels();
  const auto count = static_cast<double>(labels.size());
  Judgement all;
  for (size_t i = 0; i < labels.size(); ++i) {
    const float* row = probabilities.data() + 10 * i;
    const float* best = std::max_element(row, row + 10);
    all.accuracy += (best - row == labels[i]) / count;
    all.confidence += *best / count;
    all.loss -= std::log(std::max(row[labels[i]], 1e-12f)) / count;
  }
  return all;
}

void smoothing_and_noise(Experiment& e) {
  const Kind kinds[] = {{"neither"}, {"smoothing .1", .1f}, {"noise .3", 0, .3f}, {"both", .1f, .3f}};
  lm::data::Split data = e.digits(e.size(500, 2000), e.size(500, 4000));
  mislabel(data.train, 8);
  const int64_t epochs = e.size(15, 40);

  Table table({"kind", "validation accuracy", "confidence", "validation loss"});
  plot::Panel losses{
      .title = "Loss", .x = {.title = "epoch", .integers = true}, .y = {.title = "validation loss"}, .marks = {}};
  plot::Panel surety{.title = "Confidence less accuracy", .x = losses.x, .y = {.title = "too sure by"}, .marks = {}};
  std::vector<Judgement> ends;
  for (const Kind& kind : kinds) {
    lm::Trainer trainer{
        e.device, noisy(kind.noise), {.loss = lm::loss::CrossEntropy{.label_smoothing = kind.smoothing}}};
    std::vector<double> loss, excess;
    Judgement now;
    for (int64_t epoch = 0; epoch < epochs; ++epoch) {
      trainer.begin(data.train, 50);
      trainer.step(data.train.size() / 50);
      now = judge(trainer, data.test);
      loss.push_back(now.loss);
      excess.push_back(now.confidence - now.accuracy);
    }
    losses.marks.emplace_back(curve(loss, kind.name));
    surety.marks.emplace_back(curve(excess, kind.name));
    ends.push_back(now);
    table.row(kind.name, now.accuracy, now.confidence, now.loss);
  }
  table.print();
  e.picture("smoothing_and_noise", {.title = "Label smoothing and input noise", .panels = {losses, surety}});

  if (!e.quick)
    e.must_see(ends[0].confidence > ends[0].accuracy + .02, "with neither the network is surer than it is right");
  e.must_see(ends[1].confidence < ends[0].confidence, "smoothing: less sure");
  e.must_see(ends[2].loss < ends[0].loss, "noise: a lower loss on what was not learnt");
  e.must_see(ends[2].accuracy >= ends[0].accuracy - .005, "noise: no less right");
}

int main(int argc, char** argv) { return run(argc, argv, "Label smoothing and input noise", smoothing_and_noise); }
