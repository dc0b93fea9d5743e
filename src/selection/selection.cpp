// Cross-validation and search.
#include "lemnos/selection.h"

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "base/stopwatch.h"
#include "base/text.h"

namespace lemnos::selection {

namespace {

std::string padded(const std::string& word) { return std::string(word.size() < 14 ? 14 - word.size() : 1, ' ') + word; }

Trial try_point(const Point& point, const Evaluate& evaluate) {
  const Stopwatch clock;
  const double score = evaluate(point);
  return {point, score, clock.seconds()};
}

bool is_better(double a, double b, bool largest) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(b) && !std::isnan(a);
  return largest ? a > b : a < b;
}

}  // namespace

Score score_of(const std::vector<double>& values) {
  Score score;
  const auto count = static_cast<double>(values.size());
  for (double v : values) score.mean += v / count;
  for (double v : values) score.deviation += (v - score.mean) * (v - score.mean);
  score.deviation = values.size() > 1 ? std::sqrt(score.deviation / (count - 1)) : 0;
  return score;
}

CrossValidation cross_validate(const MakeTrainer& make, const data::Dataset& data,
                               const CrossValidationOptions& options) {
  CrossValidation result;
  std::vector<double> losses, accuracies;
  const std::vector<data::Fold> folds = data::k_folds(data, options.folds, options.stratified, options.seed);
  for (size_t f = 0; f < folds.size(); ++f) {
    Trainer trainer = make(options.seed + f);
    const data::Dataset test = data.take(folds[f].test);
    FitOptions fit = options.fit;
    fit.validation = &test;
    trainer.fit(data.take(folds[f].train), fit);
    result.folds.push_back(trainer.evaluate(test));
    losses.push_back(result.folds.back().loss);
    accuracies.push_back(result.folds.back().accuracy);
  }
  result.loss = score_of(losses);
  result.accuracy = score_of(accuracies);
  return result;
}

std::string CrossValidation::text() const {
  std::string out = "fold          loss      accuracy      rows\n";
  for (size_t f = 0; f < folds.size(); ++f)
    out += formatted("%4zu%14.6f%14.4f%10lld\n", f + 1, folds[f].loss, folds[f].accuracy,
                     static_cast<long long>(folds[f].samples));
  return out + formatted("mean%14.6f%14.4f\n +- %14.6f%14.4f\n", loss.mean, accuracy.mean, loss.deviation,
                         accuracy.deviation);
}

const Trial& Search::best() const {
  require(!trials.empty(), ErrorCode::out_of_range, "search: no trials");
  return *std::ranges::max_element(
      trials, [&](const Trial& a, const Trial& b) { return is_better(b.score, a.score, largest); });
}

std::string Search::text() const {
  if (trials.empty()) return "no trials\n";
  std::vector<Trial> sorted = trials;
  std::ranges::stable_sort(sorted,
                           [&](const Trial& a, const Trial& b) { return is_better(a.score, b.score, largest); });
  std::string out;
  for (const auto& [name, value] : sorted[0].point) out += padded(name);
  out += padded("score") + padded("seconds") + "\n";
  for (const Trial& trial : sorted) {
    for (const auto& [name, value] : trial.point) out += padded(formatted("%.6g", value));
    out += padded(formatted("%.6g", trial.score)) + padded(formatted("%.2f", trial.seconds)) + "\n";
  }
  return out;
}

std::string Search::csv() const {
  std::string out;
  if (!trials.empty())
    for (const auto& [name, value] : trials[0].point) out += name + ",";
  out += "score,seconds\n";
  for (const Trial& trial : trials) {
    for (const auto& [name, value] : trial.point) out += formatted("%.17g", value) + ",";
    out += formatted("%.17g", trial.score) + "," + formatted("%.3f", trial.seconds) + "\n";
  }
  return out;
}

Search grid_search(const std::map<std::string, std::vector<double>>& values, const Evaluate& evaluate, bool largest) {
  require(!values.empty(), ErrorCode::invalid_argument, "grid_search: no hyper-parameters");
  std::vector<Point> points{{}};
  for (const auto& [name, choices] : values) {
    require(!choices.empty(), ErrorCode::invalid_argument, "grid_search: '", name, "' has no values");
    std::vector<Point> longer;
    for (const Point& point : points)
      for (double choice : choices) {
        longer.push_back(point);
        longer.back()[name] = choice;
      }
    points = std::move(longer);
  }
  Search search{.trials = {}, .largest = largest};
  for (const Point& point : points) search.trials.push_back(try_point(point, evaluate));
  return search;
}

Search random_search(const std::map<std::string, Range>& ranges, int64_t trials, const Evaluate& evaluate, bool largest,
                     uint64_t seed) {
  require(!ranges.empty() && trials >= 1, ErrorCode::invalid_argument, "random_search: ", ranges.size(), " ranges and ",
          trials, " trials; it takes at least one of each");
  for (const auto& [name, range] : ranges)
    require(range.low <= range.high && (!range.logarithmic || range.low > 0), ErrorCode::invalid_argument,
            "random_search: '", name, "' is from ", range.low, " to ", range.high,
            range.logarithmic ? ", a logarithm needs them above 0" : "");
  Random random(seed, 0x5914);
  Search search{.trials = {}, .largest = largest};
  for (int64_t i = 0; i < trials; ++i) {
    Point point;
    for (const auto& [name, range] : ranges) {
      double value = range.logarithmic ? std::exp(random.uniform(std::log(range.low), std::log(range.high)))
                                       : random.uniform(range.low, range.high);
      if (range.whole) value = std::round(value);
      point[name] = std::clamp(value, range.low, range.high);
    }
    search.trials.push_back(try_point(point, evaluate));
  }
  return search;
}

}  // namespace lemnos::selection
