// Several trainers as one: averages and votes, bagging, boosting.
#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "base/text.h"
#include "lemnos/metrics.h"
#include "lemnos/selection.h"

namespace lemnos::selection {

namespace {

/// One row of output for each row of data, and how many numbers it has.
struct Output {
  std::vector<float> values;
  int64_t columns = 0;
};

Output output_of(Trainer& trainer, const data::Dataset& data) {
  Output out{trainer.predict(data), 0};
  out.columns = static_cast<int64_t>(out.values.size()) / data.size();
  if (trainer.options().loss.classes()) out.values = metrics::probabilities(out.values, out.columns);
  return out;
}

/// Rows drawn with replacement, each with a probability in proportion to its weight.
std::vector<int64_t> drawn(const std::vector<double>& weights, uint64_t seed) {
  std::vector<double> upto(weights.size());
  double sum = 0;
  for (size_t i = 0; i < weights.size(); ++i) upto[i] = sum += weights[i];
  Random random(seed, 0x5915);
  std::vector<int64_t> rows;
  for (size_t i = 0; i < weights.size(); ++i) {
    const auto found = std::ranges::upper_bound(upto, random.uniform() * sum);
    rows.push_back(std::min<int64_t>(found - upto.begin(), static_cast<int64_t>(weights.size()) - 1));
  }
  return rows;
}

/// The data set with these weights, scaled to a mean of 1.
data::Dataset weighted(const data::Dataset& data, const std::vector<double>& weights) {
  std::vector<float> scaled;
  for (double w : weights) scaled.push_back(static_cast<float>(w * static_cast<double>(weights.size())));
  data::Dataset made = data;
  made.weights = data::Array::floats({data.size()}, scaled);
  return made;
}

}  // namespace

void Ensemble::add(Trainer trainer, double weight) {
  require(weight > 0 && std::isfinite(weight), ErrorCode::invalid_argument, "ensemble: weight ", weight,
          " is not above 0");
  members_.emplace_back(std::move(trainer), weight);
}

std::vector<float> Ensemble::average(const data::Dataset& data) {
  require(!members_.empty(), ErrorCode::invalid_argument, "ensemble: it has no members");
  std::vector<double> sums;
  double weights = 0;
  for (auto& [trainer, weight] : members_) {
    const Output out = output_of(trainer, data);
    sums.resize(out.values.size());
    for (size_t i = 0; i < sums.size(); ++i) sums[i] += weight * out.values[i];
    weights += weight;
  }
  std::vector<float> means(sums.size());
  std::ranges::transform(sums, means.begin(), [&](double sum) { return static_cast<float>(sum / weights); });
  return means;
}

std::vector<int32_t> Ensemble::vote(const data::Dataset& data) {
  require(!members_.empty(), ErrorCode::invalid_argument, "ensemble: it has no members");
  std::vector<float> votes;
  int64_t classes = 0;
  for (auto& [trainer, weight] : members_) {
    require(trainer.options().loss.classes(), ErrorCode::invalid_argument, "ensemble: the loss ",
            trainer.options().loss.kind(), " is not a class loss, so the members cannot vote");
    const Output out = output_of(trainer, data);
    classes = out.columns;
    votes.resize(out.values.size());
    const std::vector<int32_t> chosen = metrics::classes_of(out.values, classes);
    for (size_t row = 0; row < chosen.size(); ++row)
      votes[row * static_cast<size_t>(classes) + static_cast<size_t>(chosen[row])] += static_cast<float>(weight);
  }
  return metrics::classes_of(votes, classes);
}

Ensemble bagging(const MakeTrainer& make, const data::Dataset& train, const EnsembleOptions& options) {
  require(options.members >= 1, ErrorCode::invalid_argument, "bagging: ", options.members, " members");
  Ensemble ensemble;
  for (int64_t m = 0; m < options.members; ++m) {
    const uint64_t seed = options.seed + static_cast<uint64_t>(m);
    Trainer trainer = make(seed);
    trainer.fit(train.take(data::bootstrap(train.size(), seed)), options.fit);
    ensemble.add(std::move(trainer));
  }
  return ensemble;
}

SammeRound samme_round(const std::vector<double>& weights, const std::vector<int32_t>& labels,
                       const std::vector<int32_t>& chosen, int64_t classes) {
  require(weights.size() == labels.size() && chosen.size() == labels.size(), ErrorCode::shape_mismatch,
          "samme: ", weights.size(), " weights, ", labels.size(), " labels and ", chosen.size(), " chosen classes");
  constexpr double kLeastError = 1e-6;  // the weight of a member without an error is finite
  SammeRound round{.error = 0, .estimator_weight = 0, .weights = weights};
  for (size_t i = 0; i < labels.size(); ++i) round.error += chosen[i] != labels[i] ? weights[i] : 0;
  const double bounded = std::max(round.error, kLeastError);
  round.estimator_weight = std::log((1 - bounded) / bounded) + std::log(static_cast<double>(classes - 1));
  double sum = 0;
  for (size_t i = 0; i < labels.size(); ++i)
    sum += round.weights[i] *= chosen[i] != labels[i] ? std::exp(round.estimator_weight) : 1;
  for (double& w : round.weights) w /= sum;
  return round;
}

Ensemble boosting(const MakeTrainer& make, const data::Dataset& train, const BoostingOptions& options) {
  require(options.members >= 1, ErrorCode::invalid_argument, "boosting: ", options.members, " members");
  const std::vector<int32_t> labels = train.labels();
  const double chance = 1 - 1 / static_cast<double>(train.classes);
  std::vector<double> weights(labels.size(), 1.0 / static_cast<double>(labels.size()));
  Ensemble ensemble;
  for (int64_t m = 0; m < options.members; ++m) {
    const uint64_t seed = options.seed + static_cast<uint64_t>(m);
    Trainer trainer = make(seed);
    trainer.fit(options.by == Boost::weigh ? weighted(train, weights) : train.take(drawn(weights, seed)), options.fit);
    const Output out = output_of(trainer, train);
    SammeRound round = samme_round(weights, labels, metrics::classes_of(out.values, out.columns), train.classes);
    if (round.error >= chance) {
      require(m > 0, ErrorCode::invalid_argument, "boosting: the first member errs on ", round.error,
              " of the weight, chance on ", chance);
      break;
    }
    ensemble.add(std::move(trainer), round.estimator_weight);
    if (round.error == 0) break;
    weights = std::move(round.weights);
  }
  return ensemble;
}

}  // namespace lemnos::selection
