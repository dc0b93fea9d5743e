#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/text.h"
#include "lemnos/metrics.h"
#include "lemnos/plot.h"
#include "metrics/quotient.h"

namespace lemnos::metrics {

namespace {

struct Totals {
  double positives = 0, negatives = 0;

  ThresholdPoint point(double threshold, double tp, double fp) const {
    ThresholdPoint p{.threshold = threshold,
                     .true_positive_rate = quotient(tp, positives),
                     .false_positive_rate = quotient(fp, negatives),
                     .precision = quotient(tp, tp + fp)};
    p.f1 = quotient(2 * p.precision * p.true_positive_rate, p.precision + p.true_positive_rate);
    p.accuracy = quotient(tp + negatives - fp, positives + negatives);
    return p;
  }
};

Totals totals_of(const char* who, std::span<const float> scores, std::span<const int32_t> labels) {
  require(scores.size() == labels.size(), ErrorCode::shape_mismatch, who, ": ", scores.size(), " scores for ",
          labels.size(), " labels");
  Totals totals;
  for (size_t i = 0; i < labels.size(); ++i) {
    require(labels[i] == 0 || labels[i] == 1, ErrorCode::out_of_range, who, ": label ", labels[i], " of row ", i,
            " is neither 0 nor 1");
    require(std::isfinite(scores[i]), ErrorCode::invalid_argument, who, ": score ", scores[i], " of row ", i);
    (labels[i] ? totals.positives : totals.negatives) += 1;
  }
  return totals;
}

}  // namespace

RocCurve::RocCurve(std::span<const float> scores, std::span<const int32_t> labels) {
  const Totals totals = totals_of("roc", scores, labels);
  require(totals.positives > 0 && totals.negatives > 0, ErrorCode::invalid_argument, "roc: ", totals.positives,
          " positive and ", totals.negatives, " negative rows; it takes both");
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, [&](size_t a, size_t b) { return scores[a] > scores[b]; });
  points_.push_back(totals.point(INFINITY, 0, 0));
  double tp = 0, fp = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    (labels[order[i]] ? tp : fp) += 1;
    const double score = scores[order[i]];
    if (i + 1 < order.size() && scores[order[i + 1]] == scores[order[i]]) continue;  // ties move together
    const ThresholdPoint p = totals.point(score, tp, fp), before = points_.back();
    area_ +=
        (p.false_positive_rate - before.false_positive_rate) * (p.true_positive_rate + before.true_positive_rate) / 2;
    points_.push_back(p);
  }
}

ThresholdPoint RocCurve::best_f1() const {
  return *std::ranges::max_element(points_, {}, [](const ThresholdPoint& p) { return p.f1; });
}

std::string RocCurve::csv() const {
  std::string out = "threshold,true_positive_rate,false_positive_rate,precision,f1,accuracy\n";
  for (const ThresholdPoint& p : points_)
    out += formatted("%.9g,%.9g,%.9g,%.9g,%.9g,%.9g\n", p.threshold, p.true_positive_rate, p.false_positive_rate,
                     p.precision, p.f1, p.accuracy);
  return out;
}

std::string RocCurve::svg(const std::string& title) const {
  io::Line curve{.x = {}, .y = {}, .label = formatted("area %.4f", area_)},
      chance{.x = {0, 1}, .y = {0, 1}, .label = "chance", .dashed = true};
  io::Line precision{.x = {}, .y = {}, .label = "precision"}, recall{.x = {}, .y = {}, .label = "recall"};
  io::Line f1{.x = {}, .y = {}, .label = "F1"};
  for (const ThresholdPoint& p : points_) {
    curve.x.push_back(p.false_positive_rate);
    curve.y.push_back(p.true_positive_rate);
    if (!std::isfinite(p.threshold)) continue;
    for (io::Line* line : {&precision, &recall, &f1}) line->x.push_back(p.threshold);
    precision.y.push_back(p.precision);
    recall.y.push_back(p.true_positive_rate);
    f1.y.push_back(p.f1);
  }
  return io::to_svg({.title = {},
                     .caption = {},
                     .panels = {{.title = title,
                                 .x = {.title = "false positive rate", .min = 0, .max = 1},
                                 .y = {.title = "true positive rate", .min = 0, .max = 1},
                                 .marks = {curve, chance}},
                                {.title = "by threshold",
                                 .x = {.title = "threshold"},
                                 .y = {.title = {}, .min = 0, .max = 1},
                                 .marks = {precision, recall, f1}}}});
}

std::vector<ThresholdPoint> threshold_sweep(std::span<const float> scores, std::span<const int32_t> labels,
                                            int64_t count) {
  require(count >= 2, ErrorCode::invalid_argument, "threshold_sweep: ", count, " thresholds, it takes at least 2");
  const Totals totals = totals_of("threshold_sweep", scores, labels);
  std::vector<ThresholdPoint> points;
  for (int64_t t = 0; t < count; ++t) {
    const double threshold = static_cast<double>(t) / static_cast<double>(count - 1);
    double tp = 0, fp = 0;
    for (size_t i = 0; i < scores.size(); ++i)
      if (scores[i] >= threshold) (labels[i] ? tp : fp) += 1;
    points.push_back(totals.point(threshold, tp, fp));
  }
  return points;
}

std::string text(const std::vector<ThresholdPoint>& points) {
  std::string out = "threshold    recall       FPR  precision        F1  accuracy\n";
  for (const ThresholdPoint& p : points)
    out += formatted("%9.4f%10.4f%10.4f%11.4f%10.4f%10.4f\n", p.threshold, p.true_positive_rate, p.false_positive_rate,
                     p.precision, p.f1, p.accuracy);
  return out;
}

RegressionScores regression_scores(std::span<const float> predictions, std::span<const float> targets) {
  require(predictions.size() == targets.size() && !targets.empty(), ErrorCode::shape_mismatch,
          "regression_scores: ", predictions.size(), " predictions for ", targets.size(), " targets");
  const auto count = static_cast<double>(targets.size());
  double absolute = 0, squares = 0, mean = 0, spread = 0;
  for (float t : targets) mean += t / count;
  for (size_t i = 0; i < targets.size(); ++i) {
    const double error = double{predictions[i]} - targets[i];
    absolute += std::abs(error);
    squares += error * error;
    spread += (targets[i] - mean) * (targets[i] - mean);
  }
  return {.mae = absolute / count,
          .rmse = std::sqrt(squares / count),
          .r2 = spread > 0 ? 1 - squares / spread : (squares > 0 ? 0.0 : 1.0)};
}

}  // namespace lemnos::metrics
