// fit, evaluate, predict and summary: what they return, for batch sizes that divide the data and others.

#include <algorithm>
#include <cmath>
#include <cstring>

#include "train/support.h"

namespace lemnos::train_tests {
namespace {

class Fit : public TrainTest {};
LEMNOS_ON_EVERY_DEVICE(Fit);

FitOptions quiet(int64_t epochs) { return {.epochs = epochs, .batch_size = kBatch, .verbosity = Verbosity::silent}; }

int32_t label_of(const data::Dataset& set, size_t row) {
  int32_t label;
  std::memcpy(&label, set.y.bytes.data() + row * sizeof label, sizeof label);
  return label;
}

// Loss and accuracy from predictions, on the host and in double.
Metrics judged(const data::Dataset& set, const std::vector<float>& logits) {
  Metrics m{.samples = set.size()};
  for (size_t row = 0; row < static_cast<size_t>(set.size()); ++row) {
    const auto first = logits.begin() + static_cast<std::ptrdiff_t>(row * kClasses), last = first + kClasses;
    const double most = *std::max_element(first, last);
    double sum = 0;
    for (auto it = first; it != last; ++it) sum += std::exp(*it - most);
    m.loss += std::log(sum) + most - first[label_of(set, row)];
    m.accuracy += std::max_element(first, last) - first == label_of(set, row);
  }
  m.loss /= static_cast<double>(m.samples);
  m.accuracy /= static_cast<double>(m.samples);
  return m;
}

TEST_P(Fit, LearnsAndKeepsItsHistory) {
  Trainer trainer = small_trainer(device());
  const data::Dataset train = points(), test = points(21, 70);
  FitOptions options = quiet(12);
  options.validation = &test;
  const History history = trainer.fit(train, options);
  EXPECT_EQ(history.columns(), (std::vector<std::string>{"epoch", "loss", "accuracy", "val_loss", "val_accuracy",
                                                         "learning_rate", "seconds", "samples_per_second"}));
  ASSERT_EQ(history.epochs(), 12u);
  EXPECT_EQ(history["epoch"].front(), 1);
  EXPECT_EQ(history.last("epoch"), 12);
  EXPECT_LT(history.last("loss"), .6 * history["loss"].front());
  EXPECT_GT(history.last("accuracy"), .8);
  for (double seconds : history["seconds"]) EXPECT_GT(seconds, 0);
  for (double rate : history["samples_per_second"]) EXPECT_GT(rate, 0);
  const Metrics now = trainer.evaluate(test);
  EXPECT_EQ(history.last("val_loss"), now.loss);
  EXPECT_EQ(history.last("val_accuracy"), now.accuracy);
  EXPECT_EQ(std::get<std::string>(*history.fact("device")), device().info().name);
  EXPECT_EQ(std::get<int64_t>(*history.fact("seed")), 1);
  EXPECT_EQ(trainer.steps_done(), 12 * 7);
}

TEST_P(Fit, WithoutValidationThereAreNoColumnsForIt) {
  Trainer trainer = small_trainer(device());
  const History history = trainer.fit(points(), quiet(1));
  EXPECT_EQ(history.columns(),
            (std::vector<std::string>{"epoch", "loss", "accuracy", "learning_rate", "seconds", "samples_per_second"}));
  EXPECT_EQ(trainer.fit(points(), quiet(0)).epochs(), 0u);
}

TEST_P(Fit, TwoCallsAreAsOneLongCall) {
  Trainer once = small_trainer(device()), twice = small_trainer(device());
  once.fit(points(), quiet(4));
  twice.fit(points(), quiet(1));
  twice.fit(points(), quiet(3));
  EXPECT_TRUE(same(state_of(once), state_of(twice)));
}

TEST_P(Fit, ProgressIsReportedAndCanStopTheFit) {
  Trainer trainer = small_trainer(device());
  std::vector<Progress> told;
  FitOptions options = quiet(5);
  options.on_progress = [&](const Progress& p) {
    told.push_back(p);
    return told.size() < 3;
  };
  const History history = trainer.fit(points(), options);
  ASSERT_EQ(told.size(), 3u);
  EXPECT_EQ(told[0].epoch, 1);
  EXPECT_EQ(told[0].epochs, 5);
  EXPECT_EQ(told[0].steps, 7);
  EXPECT_GT(told[0].so_far.loss, 0);
  EXPECT_EQ(trainer.steps_done(), told[2].step + 7 * (told[2].epoch - 1));
  EXPECT_EQ(history.epochs(), static_cast<size_t>(told[2].epoch));
}

TEST_P(Fit, AnEpochCountsEveryExampleOnce) {
  Trainer trainer = small_trainer(device());
  trainer.begin(points(), kBatch);
  EXPECT_EQ(trainer.step(7).samples, kExamples);
  EXPECT_EQ(trainer.step(1).samples, kBatch);
}

TEST_P(Fit, AnIncompleteLastBatchCanBeDropped) {
  Trainer trainer = small_trainer(device());
  int64_t counted = 0;
  const History history = trainer.fit(points(), {.epochs = 3,
                                                 .batch_size = kBatch,
                                                 .drop_last = true,
                                                 .verbosity = Verbosity::silent,
                                                 .on_progress = [&](const Progress& progress) {
                                                   if (progress.step == progress.steps)
                                                     counted += progress.so_far.samples;
                                                   return true;
                                                 }});
  EXPECT_EQ(trainer.steps_done(), 3 * (kExamples / kBatch));
  EXPECT_EQ(counted, 3 * 48) << "and no step counts padding";
  EXPECT_EQ(trainer.counts().epoch, 3);
  trainer.begin(points(), kBatch);
  trainer.step(kExamples / kBatch + 1);
  EXPECT_EQ(trainer.counts().epoch, 4) << "with the last batch again";
  Trainer few = small_trainer(device());
  EXPECT_THROW(few.begin(points(5), kBatch, true, true), Error);
}

TEST_P(Fit, PredictionsDoNotDependOnTheBatchSize) {
  Trainer trainer = small_trainer(device());
  trainer.fit(points(), quiet(2));
  const data::Dataset set = points(23, 70);
  const std::vector<float> whole = trainer.predict(set, 23);
  ASSERT_EQ(whole.size(), 23u * kClasses);
  const Metrics want = judged(set, whole);
  for (const int64_t batch : {1, 4, 7, 22, 23, 24, 256}) {
    const std::vector<float> logits = trainer.predict(set, batch);
    ASSERT_EQ(logits.size(), whole.size()) << "batch size " << batch;
    for (size_t i = 0; i < whole.size(); ++i)
      // A product of another shape may take another kernel, which adds up in another order.
      ASSERT_NEAR(logits[i], whole[i], 1e-5 * (1 + std::abs(whole[i]))) << "batch size " << batch << ", element " << i;
    const Metrics got = trainer.evaluate(set, batch);
    EXPECT_EQ(got.samples, 23) << "batch size " << batch;
    EXPECT_NEAR(got.loss, want.loss, 1e-5 * want.loss) << "batch size " << batch;
    EXPECT_NEAR(got.accuracy, want.accuracy, 1e-9) << "batch size " << batch;
  }
}

TEST_P(Fit, ValuesAreLearnedTooWhereTheLossIsOfValues) {
  Trainer trainer{device(),
                  nn::sequential({nn::Linear{.out = 8}, nn::Tanh{}, nn::Linear{.out = 1}}),
                  {.loss = loss::Mse{}, .optimizer = optim::Adam{.lr = .05f}, .seed = 3}};
  const data::Dataset logic = data::logic_xor();
  const History history = trainer.fit(logic, {.epochs = 200, .batch_size = 4, .verbosity = Verbosity::silent});
  EXPECT_FALSE(history.has("accuracy"));
  EXPECT_LT(history.last("loss"), .01);
  const std::vector<float> y = trainer.predict(logic, 3);
  const float want[] = {0, 1, 1, 0};
  ASSERT_EQ(y.size(), 4u);
  for (size_t i = 0; i < 4; ++i) EXPECT_NEAR(y[i], want[i], .25) << i;
}

TEST_P(Fit, SummaryNamesLayersShapesAndParameters) {
  Trainer trainer = small_trainer(device());
  EXPECT_EQ(trainer.summary(Shape{kFeatures}, kBatch),
            "layer             output                  parameters\n"
            "input             [8, 7]                  \n"
            "0 flatten         [8, 7]                  0\n"
            "1 linear          [8, 16]                 128\n"
            "2 relu            [8, 16]                 0\n"
            "3 dropout         [8, 16]                 0\n"
            "4 linear          [8, 3]                  51\n"
            "parameters: 179 (716 B)\n");
  trainer.begin(points(), kBatch);
  const std::string built = trainer.summary(Shape{kFeatures}, kBatch);
  EXPECT_NE(built.find("a training step: "), std::string::npos) << built;
  // Each parameter begins a block of 256 bytes: 2 + 1 + 1 + 1 of them; Adam keeps two slots.
  EXPECT_NE(built.find("memory: parameters 1280 B, gradients 1280 B, optimizer 2560 B, data "), std::string::npos)
      << built;
}

}  // namespace
}  // namespace lemnos::train_tests
