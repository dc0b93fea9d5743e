// Model selection and ensembles, over trainers small enough to make many of.

#include "lemnos/selection.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "lemnos/metrics.h"
#include "train/support.h"

namespace lemnos::train_tests {
namespace {

using namespace selection;

class Selection : public TrainTest {
 protected:
  MakeTrainer maker(int64_t hidden, float lr = .02f) const {
    return [this, hidden, lr](uint64_t seed) {
      return Trainer{device(),
                     nn::sequential({nn::Linear{.out = hidden}, nn::Tanh{}, nn::Linear{.out = kClasses}}),
                     {.optimizer = optim::Adam{.lr = lr}, .seed = seed}};
    };
  }
  static double accuracy(const std::vector<int32_t>& chosen, const data::Dataset& set) {
    return metrics::ConfusionMatrix(set.labels(), chosen, set.classes).accuracy();
  }
  const FitOptions fit_{.epochs = 6, .batch_size = 16, .verbosity = Verbosity::silent};
};
LEMNOS_ON_EVERY_DEVICE(Selection);

TEST_P(Selection, CrossValidationTestsEveryRowOnce) {
  const CrossValidation result = cross_validate(maker(8), points(60), {.folds = 4, .fit = fit_});
  ASSERT_EQ(result.folds.size(), 4u);
  int64_t rows = 0;
  for (const Metrics& fold : result.folds) rows += fold.samples;
  EXPECT_EQ(rows, 60);
  EXPECT_GT(result.accuracy.mean, .5);
  EXPECT_GT(result.loss.deviation, 0);
  EXPECT_NE(result.text().find("mean"), std::string::npos);
  EXPECT_THROW((void)cross_validate(maker(8), points(60), {.folds = 40}), Error);
}

TEST(Scores, MeanAndDeviation) {
  const Score score = score_of({1, 2, 3});
  EXPECT_EQ(score.mean, 2);
  EXPECT_EQ(score.deviation, 1);
  EXPECT_EQ(score_of({4}).deviation, 0);
}

TEST(Searches, GridTriesEveryCombination) {
  const auto valley = [](const Point& p) { return std::pow(p.at("x") - 2, 2) + p.at("y"); };
  const Search search = grid_search({{"x", {1, 2, 3}}, {"y", {5, 4}}}, valley, false);
  EXPECT_EQ(search.trials.size(), 6u);
  EXPECT_EQ(search.best().point, (Point{{"x", 2}, {"y", 4}}));
  EXPECT_EQ(search.best().score, 4);
  EXPECT_TRUE(search.csv().starts_with("x,y,score,seconds\n1,5,6,"));
  const std::string text = search.text();
  EXPECT_LT(text.find("             2             4             4"), text.find("             3             5"));
  EXPECT_THROW((void)grid_search({{"x", {}}}, valley), Error);
  EXPECT_THROW((void)Search{}.best(), Error);
}

TEST(Searches, RandomStaysInRangeAndNanLoses) {
  std::set<double> drawn;
  const auto evaluate = [&](const Point& p) {
    EXPECT_GE(p.at("lr"), 1e-4);
    EXPECT_LE(p.at("lr"), 1e-1);
    EXPECT_EQ(p.at("units"), std::round(p.at("units")));
    drawn.insert(p.at("lr"));
    return drawn.size() == 1 ? NAN : std::log(p.at("lr"));
  };
  const Search search = random_search(
      {{"lr", {.low = 1e-4, .high = 1e-1, .logarithmic = true}}, {"units", {.low = 1, .high = 9, .whole = true}}}, 40,
      evaluate);
  EXPECT_EQ(drawn.size(), 40u);
  EXPECT_NEAR(static_cast<double>(std::ranges::count_if(drawn, [](double lr) { return lr < 3.16e-3; })), 20, 10);
  EXPECT_EQ(search.best().point.at("lr"), std::max(*drawn.rbegin(), 0.0));
  EXPECT_THROW((void)random_search({{"x", {.low = 0, .high = 1, .logarithmic = true}}}, 1, evaluate), Error);
}

TEST_P(Selection, BaggingAveragesAndVotes) {
  const data::Dataset train = points(60), test = points(40, 70);
  Ensemble bag = bagging(maker(8), train, {.members = 3, .fit = fit_});
  ASSERT_EQ(bag.size(), 3u);
  const std::vector<float> mean = bag.average(test);
  ASSERT_EQ(mean.size(), 40u * kClasses);
  for (size_t row = 0; row < 40; ++row) EXPECT_NEAR(mean[3 * row] + mean[3 * row + 1] + mean[3 * row + 2], 1, 1e-5);
  EXPECT_GT(accuracy(metrics::classes_of(mean, kClasses), test), .6);
  EXPECT_GT(accuracy(bag.vote(test), test), .6);
  EXPECT_NE(bag.member(0).predict(test), bag.member(1).predict(test));
}

// A vote is for the class with more weight behind it, not for the one with more members.
TEST_P(Selection, VotesWeigh) {
  const data::Dataset set = points(10);
  Ensemble ensemble;
  for (const double weight : {1.0, 1.0, 3.0}) {
    Trainer trainer = maker(4)(1);
    trainer.begin(set, 5);
    std::vector<float> bias(kClasses);
    bias[weight > 1 ? 2 : 0] = 100;
    trainer.session().write(trainer.graph().find("2.bias"), bias);
    ensemble.add(std::move(trainer), weight);
  }
  EXPECT_EQ(ensemble.vote(set), std::vector<int32_t>(10, 2));
}

// The mean is over probabilities by the weights of the members, and over values where the loss does not judge classes.
TEST_P(Selection, AveragesWeigh) {
  const data::Dataset set = points(4);
  data::Dataset numbers = set;
  numbers.classes = 0;
  numbers.y = data::Array::floats({4, 2}, std::vector<float>(8));
  Ensemble of_classes, of_values;
  for (const float weight : {1.f, 3.f}) {
    Trainer classes = maker(4)(1);
    Trainer values{device(), nn::sequential({nn::Linear{.out = 2}}), {.loss = loss::Mse{}}};
    classes.begin(set, 4);
    values.begin(numbers, 4);
    classes.session().write(classes.graph().find("2.weight"), std::vector<float>(4 * kClasses));
    classes.session().write(classes.graph().find("2.bias"), std::vector<float>{std::log(weight), 0, 0});
    values.session().write(values.graph().find("0.weight"), std::vector<float>(2 * kFeatures));
    values.session().write(values.graph().find("0.bias"), std::vector<float>{weight, -weight});
    of_classes.add(std::move(classes), weight);
    of_values.add(std::move(values), weight);
  }
  const std::vector<float> probabilities = of_classes.average(set), values = of_values.average(numbers);
  ASSERT_EQ(probabilities.size(), 4u * kClasses);
  EXPECT_NEAR(probabilities[3], (1. / 3 + 3 * 3. / 5) / 4, 1e-6);
  EXPECT_NEAR(probabilities[4], (1. / 3 + 3 * 1. / 5) / 4, 1e-6);
  EXPECT_EQ(values, (std::vector<float>{2.5f, -2.5f, 2.5f, -2.5f, 2.5f, -2.5f, 2.5f, -2.5f}));
}

// By hand: five rows of three classes, one wrong: error 1/5, estimator weight log 4 + log 2, and eight times the weight
// for the one.
TEST(Samme, ARoundByHand) {
  const std::vector<double> fifths(5, .2);
  const SammeRound first = samme_round(fifths, {0, 1, 2, 0, 1}, {0, 1, 2, 0, 2}, 3);
  EXPECT_NEAR(first.error, .2, 1e-12);
  EXPECT_NEAR(first.estimator_weight, std::log(8.), 1e-12);
  ASSERT_EQ(first.weights.size(), 5u);
  for (size_t i = 0; i < 5; ++i) EXPECT_NEAR(first.weights[i], i == 4 ? 2. / 3 : 1. / 12, 1e-12);
  // The next has the two rows before it wrong: 1/12 + 1/12 of the weight, estimator weight log 5 + log 2.
  const SammeRound second = samme_round(first.weights, {0, 1, 2, 0, 1}, {0, 1, 0, 1, 1}, 3);
  EXPECT_NEAR(second.error, 1. / 6, 1e-12);
  EXPECT_NEAR(second.estimator_weight, std::log(10.), 1e-12);
  EXPECT_NEAR(second.weights[4], (8. / 12) / (2. / 12 + 8. / 12 + 20. / 12), 1e-12);
  const SammeRound perfect = samme_round(fifths, {0, 1, 2, 0, 1}, {0, 1, 2, 0, 1}, 3);
  EXPECT_EQ(perfect.error, 0);
  EXPECT_NEAR(perfect.estimator_weight, std::log((1 - 1e-6) / 1e-6) + std::log(2.), 1e-9);
  EXPECT_THROW((void)samme_round(fifths, {0, 1}, {0, 1}, 3), Error);
}

// The weight of a member follows from the rounds before it, and the second member learns what the first got wrong.
TEST_P(Selection, BoostingGoesByTheRounds) {
  const data::Dataset train = points(30);
  for (const Boost by : {Boost::weigh, Boost::resample}) {
    Ensemble boosted = boosting(
        maker(2, .05f), train,
        {.members = 3, .seed = 2, .fit = {.epochs = 2, .batch_size = 10, .verbosity = Verbosity::silent}, .by = by});
    ASSERT_GE(boosted.size(), 2u);
    std::vector<double> weights(30, 1. / 30);
    for (size_t m = 0; m < boosted.size(); ++m) {
      const std::vector<int32_t> chosen = metrics::classes_of(boosted.member(m).predict(train), kClasses);
      const SammeRound round = samme_round(weights, train.labels(), chosen, kClasses);
      EXPECT_NEAR(boosted.weight(m), round.estimator_weight, 1e-12) << "member " << m;
      weights = round.weights;
    }
  }
}

TEST_P(Selection, BoostingOfWeakMembersIsBetterThanOne) {
  // Half a ring around the middle: no line parts it, several lines do.
  std::vector<float> x;
  std::vector<int32_t> y;
  for (int i = 0; i < 80; ++i) {
    const double angle = i * .7854, radius = i % 2 ? 1.5 + .01 * i : .2 + .004 * i;
    x.insert(x.end(),
             {static_cast<float>(radius * std::cos(angle + i)), static_cast<float>(radius * std::sin(angle + i))});
    y.push_back(i % 2);
  }
  const data::Dataset rings{.x = data::Array::floats({80, 2}, x), .y = data::Array::integers({80}, y), .classes = 2};
  const MakeTrainer line = [this](uint64_t seed) {
    return Trainer{
        device(), nn::sequential({nn::Linear{.out = 2}}), {.optimizer = optim::Adam{.lr = .05f}, .seed = seed}};
  };
  Trainer alone = line(3);
  alone.fit(rings, {.epochs = 30, .batch_size = 16, .verbosity = Verbosity::silent});
  for (const Boost by : {Boost::weigh, Boost::resample}) {
    Ensemble boosted = boosting(
        line, rings,
        {.members = 12, .seed = 3, .fit = {.epochs = 8, .batch_size = 16, .verbosity = Verbosity::silent}, .by = by});
    EXPECT_GT(boosted.size(), 2u);
    EXPECT_GT(accuracy(boosted.vote(rings), rings), alone.evaluate(rings).accuracy + .05);
  }
}

}  // namespace
}  // namespace lemnos::train_tests
