// A rare illness: why accuracy misleads, and what to look at instead.
//
// One patient in fifty is ill. Who calls everybody healthy is right 98 times in 100 and finds nobody. Recall is the
// share of the ill who are found, precision the share of alarms that are true; F1 joins the two. Weighing the classes
// alike, or moving the threshold, trades one for the other; the threshold is chosen on validation patients.

#include <cmath>
#include <random>

#include "common.h"

using namespace experiments;

// Six measurements of each patient: those of the ill lie a little higher, and two of them together.
lm::data::Dataset patients(int64_t count, uint32_t seed) {
  std::mt19937 random(seed);
  const auto normal = [&] {  // twelve uniform numbers: equal on every machine
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += double(random()) / 4294967296.;
    return sum;
  };
  std::vector<float> measurements;
  std::vector<int32_t> ill;
  for (int64_t i = 0; i < count; ++i) {
    const bool is_ill = random() % 50 == 0;
    const double common = normal();
    for (int k = 0; k < 6; ++k) measurements.push_back(float(normal() + (k < 2 ? common : 0) + (is_ill ? 1.1 : 0)));
    ill.push_back(is_ill);
  }
  return {.x = lm::data::Array::floats({count, 6}, measurements),
          .y = lm::data::Array::integers({count}, ill),
          .classes = 2};
}

struct Judge {
  std::string name;
  std::vector<float> scores;  // the probability that a test patient is ill
  double threshold = .5;
};

std::vector<float> illness(lm::Trainer& trainer, const lm::data::Dataset& data) {
  const std::vector<float> both = lm::metrics::probabilities(trainer.predict(data), 2);
  std::vector<float> scores;
  for (size_t i = 1; i < both.size(); i += 2) scores.push_back(both[i]);
  return scores;
}

lm::metrics::ConfusionMatrix judged(const Judge& judge, const std::vector<int32_t>& labels) {
  std::vector<int32_t> calls;
  for (const float score : judge.scores) calls.push_back(score >= judge.threshold);
  return {labels, calls, 2, {"healthy", "ill"}};
}

plot::Panel confusion(const std::string& title, const lm::metrics::ConfusionMatrix& m) {
  plot::HeatMap map{
      .rows = 2, .columns = 2, .values = {}, .row_names = {"healthy", "ill"}, .column_names = {"healthy", "ill"}};
  for (const int64_t label : {0, 1})
    for (const int64_t call : {0, 1}) map.values.push_back(double(m.count(label, call)));
  return {.title = title, .x = {.title = "called"}, .y = {.title = "is"}, .marks = {map}};
}

// Precision, recall and F1 of one judge at every threshold.
plot::Panel sweep(const Judge& judge, const std::vector<int32_t>& labels) {
  plot::Line precision{.label = "precision"}, recall{.label = "recall"}, f1{.label = "F1"};
  for (const lm::metrics::ThresholdPoint& p : lm::metrics::threshold_sweep(judge.scores, labels, 101)) {
    for (plot::Line* line : {&precision, &recall, &f1}) line->x.push_back(p.threshold);
    precision.y.push_back(p.true_positive_rate > 0 ? p.precision : std::nan(""));  // no alarms: no precision
    recall.y.push_back(p.true_positive_rate);
    f1.y.push_back(p.f1);
  }
  return {.title = judge.name,
          .x = {.title = "threshold"},
          .y = {.min = 0, .max = 1},
          .marks = {precision, recall, f1},
          .legend_beside = true};
}

void diagnosis(Experiment& e) {
  const lm::data::Dataset train = patients(e.size(4000, 20000), 1), validation = patients(8000, 2),
                          test = patients(8000, 3);
  const std::vector<int32_t> labels = test.labels();
  const lm::Model model = mlp({.layers = 1, .width = 32, .classes = 2});
  const auto trained = [&](const lm::loss::CrossEntropy& loss) {
    lm::Trainer trainer{e.device, model, {.loss = loss, .optimizer = lm::optim::Adam{.lr = 3e-3f}}};
    trainer.fit(train, {.epochs = e.size(10, 20), .batch_size = 100, .verbosity = lm::Verbosity::silent});
    return trainer;
  };
  lm::Trainer plain = trained({}), weighted = trained({.class_weights = lm::data::class_weights(train)});

  std::vector<Judge> judges{{"calls all healthy", std::vector<float>(labels.size())},
                            {"plain, threshold .5", illness(plain, test)},
                            {"weighted classes", illness(weighted, test)}};
  const double best = lm::metrics::RocCurve(illness(plain, validation), validation.labels()).best_f1().threshold;
  judges.push_back({"plain, best threshold", judges[1].scores, best});

  Table table({"judge", "threshold", "accuracy", "precision", "recall", "F1"});
  plot::Figure figure{
      .title = "8000 patients, one in fifty is ill", .columns = 3, .panel_width = 330, .panel_height = 260};
  std::vector<lm::metrics::ConfusionMatrix> results;
  for (const Judge& judge : judges) {
    results.push_back(judged(judge, labels));
    const lm::metrics::ClassScores ill = results.back().scores(1);
    table.row(judge.name, judge.threshold, results.back().accuracy(), ill.precision, ill.recall, ill.f);
    figure.panels.push_back(confusion(judge.name, results.back()));
  }
  figure.panels.push_back(sweep({"plain, by threshold", judges[1].scores}, labels));
  figure.panels.push_back(sweep({"weighted, by threshold", judges[2].scores}, labels));
  table.print();
  e.picture("diagnosis", figure);

  const auto &none = results[0], &half = results[1], &even = results[2], &moved = results[3];
  e.must_see(none.accuracy() > .97 && none.scores(1).recall == 0, "who finds nobody is right for 97 % of the patients");
  e.must_see(half.accuracy() > .97 && half.scores(1).recall < .75,
             "the plain network is more right and misses many of the ill");
  e.must_see(even.scores(1).recall > half.scores(1).recall && even.accuracy() < half.accuracy(),
             "weighing the classes finds more of them, with less accuracy");
  e.must_see(moved.scores(1).f >= half.scores(1).f - .02, "the threshold of validation holds on the test");
}

int main(int argc, char** argv) { return run(argc, argv, "A rare illness", diagnosis); }
