// Evaluation: numbers worked out by hand, and what is refused.

#include "lemnos/metrics.h"

#include <gtest/gtest.h>

#include <cmath>

#include "lemnos/error.h"

namespace lemnos::metrics {
namespace {

using Labels = std::vector<int32_t>;

// 0: 3 right, 1 taken for 1. 1: 2 right, 1 taken for 0. 2: 1 right, 2 taken for 0.
const Labels kLabels = {0, 0, 0, 0, 1, 1, 1, 2, 2, 2}, kPredicted = {0, 0, 0, 1, 1, 1, 0, 2, 0, 0};

template <typename Act>
std::string refusal_metrics(Act act) {
  try {
    (void)act();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(Confusion, CountsAndScores) {
  const ConfusionMatrix m(kLabels, kPredicted, 3, {"cat", "dog", "eel"});
  EXPECT_EQ(m.count(2, 0), 2);
  EXPECT_EQ(m.total(), 10);
  EXPECT_DOUBLE_EQ(m.accuracy(), .6);
  const ClassScores cat = m.scores(0);
  EXPECT_DOUBLE_EQ(cat.precision, 3 / 6.0);
  EXPECT_DOUBLE_EQ(cat.recall, 3 / 4.0);
  EXPECT_DOUBLE_EQ(cat.specificity, 3 / 6.0);
  EXPECT_DOUBLE_EQ(cat.f, .6);
  EXPECT_EQ(cat.support, 4);
  EXPECT_DOUBLE_EQ(m.scores(0, 2).f, 5 * .5 * .75 / (4 * .5 + .75));
  EXPECT_DOUBLE_EQ(m.scores(2).precision, 1);
  EXPECT_DOUBLE_EQ(m.scores(Average::macro).recall, (3 / 4.0 + 2 / 3.0 + 1 / 3.0) / 3);
  EXPECT_DOUBLE_EQ(m.scores(Average::weighted).recall, .6);
  EXPECT_DOUBLE_EQ(m.scores(Average::micro).precision, .6);
  EXPECT_DOUBLE_EQ(m.scores(Average::micro).f, .6);
}

TEST(Confusion, IsTextTableAndPicture) {
  const ConfusionMatrix m(kLabels, kPredicted, 3, {"cat", "dog", "eel"});
  EXPECT_EQ(m.csv(), "label,cat,dog,eel\ncat,3,1,0\ndog,1,2,0\neel,2,0,1\n");
  EXPECT_EQ(m.text(),
            "   label | predicted\n"
            "         |     cat     dog     eel\n"
            "     cat |       3       1       0\n"
            "     dog |       1       2       0\n"
            "     eel |       2       0       1\n"
            "\n"
            "   class  precision     recall  specificity      F1     support\n"
            "     cat     0.5000     0.7500       0.5000     0.6000        4\n"
            "     dog     0.6667     0.6667       0.8571     0.6667        3\n"
            "     eel     1.0000     0.3333       1.0000     0.5000        3\n"
            "   macro     0.7222     0.5833       0.7857     0.5889       10\n"
            "weighted     0.7000     0.6000       0.7571     0.5900       10\n"
            "   micro     0.6000     0.6000       0.8000     0.6000       10\n"
            "accuracy 0.6000 of 10\n");
  EXPECT_NE(m.svg().find("<svg"), std::string::npos);
  EXPECT_NE(m.svg().find("eel"), std::string::npos);
}

TEST(Confusion, OfAClassWithoutRowsIsZero) {
  const ConfusionMatrix m(Labels{0, 0, -1}, Labels{0, 0, 0}, 2);
  EXPECT_EQ(m.total(), 2) << "a negative label does not count";
  EXPECT_EQ(m.scores(1).recall, 0);
  EXPECT_EQ(m.scores(1).precision, 0);
  EXPECT_EQ(m.scores(1).f, 0);
  EXPECT_EQ(m.scores(0).specificity, 0);
}

TEST(Confusion, Refuses) {
  EXPECT_EQ(refusal_metrics([] {
              return ConfusionMatrix(Labels{0, 3}, Labels{0, 1}, 3);
            }),
            "confusion matrix: label 3 and prediction 1 of row 1 are not both below 3");
  EXPECT_EQ(refusal_metrics([] {
              return ConfusionMatrix(Labels{0}, Labels{0, 1}, 2);
            }),
            "confusion matrix: 2 predictions for 1 labels");
}

TEST(TopK, CountsTheKLargest) {
  const std::vector<float> scores = {3, 2, 1, 0, 1, 2, 1, 1, 0};
  const Labels labels = {1, 2, 1};
  EXPECT_DOUBLE_EQ(top_k_accuracy(scores, labels, 1), 1 / 3.0);
  EXPECT_DOUBLE_EQ(top_k_accuracy(scores, labels, 2), 1);
  EXPECT_EQ(classes_of(scores, 3), (Labels{0, 2, 0}));
  EXPECT_DOUBLE_EQ(top_k_accuracy(scores, Labels{-1, 2, -1}, 1), 1);
  EXPECT_THROW((void)top_k_accuracy(scores, Labels{0, 1}, 1), Error);
}

TEST(Probabilities, SumToOneWithoutOverflow) {
  const std::vector<float> p = probabilities(std::vector<float>{1000, 1000, 0, std::log(3.f)}, 2);
  EXPECT_FLOAT_EQ(p[0], .5f);
  EXPECT_FLOAT_EQ(p[2], .25f);
  EXPECT_FLOAT_EQ(p[3], .75f);
}

TEST(Roc, AreaIsTheShareOfPairsInOrder) {
  const std::vector<float> scores = {.9f, .8f, .7f, .7f, .3f, .2f};
  const Labels labels = {1, 0, 1, 0, 1, 0};
  // Pairs in order: .9 above all three; .7 above .2, tied with .7; .3 above .2.
  const RocCurve roc(scores, labels);
  EXPECT_NEAR(roc.area(), (3 + 1.5 + 1) / 9, 1e-12);
  EXPECT_EQ(roc.points().size(), 6u) << "the tie is one point";
  EXPECT_EQ(roc.points().front().true_positive_rate, 0);
  EXPECT_EQ(roc.points().back().false_positive_rate, 1);
  EXPECT_NEAR(roc.best_f1().threshold, .3, 1e-6);
  EXPECT_NEAR(roc.best_f1().f1, 2 * .6 * 1 / 1.6, 1e-12);
  EXPECT_NE(roc.svg().find("area 0.6111"), std::string::npos);
  EXPECT_TRUE(roc.csv().starts_with("threshold,true_positive_rate"));
  EXPECT_EQ(RocCurve(std::vector<float>{1, 2}, Labels{0, 1}).area(), 1);
  EXPECT_EQ(RocCurve(std::vector<float>{1, 2}, Labels{1, 0}).area(), 0);
  EXPECT_EQ(RocCurve(std::vector<float>{1, 1}, Labels{1, 0}).area(), .5);
}

TEST(Roc, Refuses) {
  EXPECT_EQ(refusal_metrics([] {
              return RocCurve(std::vector<float>{1, 2}, Labels{1, 1});
            }),
            "roc: 2 positive and 0 negative rows; it takes both");
  EXPECT_EQ(refusal_metrics([] {
              return RocCurve(std::vector<float>{1, NAN}, Labels{0, 1});
            }),
            "roc: score nan of row 1");
  EXPECT_EQ(refusal_metrics([] { return RocCurve(std::vector<float>{1}, Labels{2}); }),
            "roc: label 2 of row 0 is neither 0 nor 1");
}

TEST(Thresholds, AreSwept) {
  const std::vector<ThresholdPoint> points =
      threshold_sweep(std::vector<float>{.1f, .4f, .6f, .9f}, Labels{0, 1, 0, 1}, 3);
  ASSERT_EQ(points.size(), 3u);
  EXPECT_EQ(points[0].true_positive_rate, 1);
  EXPECT_EQ(points[0].accuracy, .5);
  EXPECT_EQ(points[1].threshold, .5);
  EXPECT_EQ(points[1].true_positive_rate, .5);
  EXPECT_EQ(points[1].precision, .5);
  EXPECT_EQ(points[2].true_positive_rate, 0);
  EXPECT_NE(text(points).find("   0.5000    0.5000    0.5000     0.5000    0.5000    0.5000\n"), std::string::npos);
}

TEST(Regression, Scores) {
  const RegressionScores s = regression_scores(std::vector<float>{1, 2, 5}, std::vector<float>{1, 2, 3});
  EXPECT_NEAR(s.mae, 2 / 3.0, 1e-9);
  EXPECT_NEAR(s.rmse, std::sqrt(4 / 3.0), 1e-9);
  EXPECT_NEAR(s.r2, 1 - 4 / 2.0, 1e-9);
}

}  // namespace
}  // namespace lemnos::metrics
