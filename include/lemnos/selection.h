// Model selection and ensembles: cross-validation, grid and random search, bagging, boosting, voting; and the
// learning-rate range test.
//
// All of them create trainers with a function of the caller, so they work with every kind of Trainer.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "lemnos/train.h"
#include "lemnos/visibility.h"

LEMNOS_BEGIN_PUBLIC

namespace lemnos {

/// For find_learning_rate().
struct LearningRateRangeOptions {
  double from = 1e-6, to = 10;
  int64_t steps = 100;
  int64_t batch_size = 32;
  double smoothing = .95;  // exponential smoothing of the losses, with bias correction
};
/// The losses of a run whose learning rate grows.
struct LearningRateRange {
  std::vector<double> learning_rates, losses;
  double suggestion = 0;  // the rate at which the loss falls fastest; 0: it never falls
};
/// Runs one step at each of `steps` rates, which grow by a constant factor, until the loss is four times its minimum;
/// then restores the trainer. (Smith, 2017: the learning-rate range test.)
LearningRateRange find_learning_rate(Trainer& trainer, const data::Dataset& train,
                                     const LearningRateRangeOptions& options = {});

}  // namespace lemnos

namespace lemnos::selection {

/// A new trainer whose weights start from `seed`.
using MakeTrainer = std::function<Trainer(uint64_t seed)>;

/// Mean and standard deviation of a metric over the folds.
struct Score {
  double mean = 0, deviation = 0;  // the latter with n - 1
};
Score score_of(const std::vector<double>& values);

/// For cross_validate().
struct CrossValidationOptions {
  int64_t folds = 5;
  bool stratified = true;
  uint64_t seed = 1;
  FitOptions fit = {.verbosity = Verbosity::silent};  // its validation is the fold's test
};
/// The scores of all folds.
struct CrossValidation {
  std::vector<Metrics> folds;  // of each fold's test set, after its last epoch
  Score loss, accuracy;
  std::string text() const;  ///< a line for each fold, then the means
};
/// A new trainer for each fold. Throws what data::k_folds throws.
CrossValidation cross_validate(const MakeTrainer& make, const data::Dataset& data,
                               const CrossValidationOptions& options = {});

/// Hyper-parameters by name.
using Point = std::map<std::string, double>;
/// One choice of options and its score.
struct Trial {
  Point point;
  double score = 0;
  double seconds = 0;
};
/// All trials of a search.
struct Search {
  std::vector<Trial> trials;  // in the order in which they ran
  bool largest = true;        // the best has the largest score
  /// Throws `out_of_range` if there is none. A NaN score is never the best.
  const Trial& best() const;
  std::string text() const;  ///< a table, the best first
  /// A line for each trial.
  std::string csv() const;
};
/// The score of a point: usually an accuracy on validation data, or the mean of a cross-validation.
using Evaluate = std::function<double(const Point&)>;

/// Every combination of the values. Throws `invalid_argument` for a name without values.
Search grid_search(const std::map<std::string, std::vector<double>>& values, const Evaluate& evaluate,
                   bool largest = true);
/// A hyper-parameter drawn from [low, high], evenly, or evenly in its logarithm.
struct Range {
  double low = 0, high = 1;
  bool logarithmic = false;
  bool whole = false;  // rounded to a whole number
};
Search random_search(const std::map<std::string, Range>& ranges, int64_t trials, const Evaluate& evaluate,
                     bool largest = true, uint64_t seed = 1);

/// Trainers of one task that predict together. Every member needs its own memory on the device.
class Ensemble {
 public:
  /// Adds a member, whose votes weigh so much.
  void add(Trainer trainer, double weight = 1);
  /// The number of members.
  size_t size() const { return members_.size(); }
  /// Member i.
  Trainer& member(size_t i) { return members_.at(i).first; }
  /// The weight of member i.
  double weight(size_t i) const { return members_.at(i).second; }

  /// The weighted mean of the members' outputs: of probabilities for class losses, of values for others.
  std::vector<float> average(const data::Dataset& data);
  /// For each row the class with the largest total weight of members; among equals the first. Class losses only.
  std::vector<int32_t> vote(const data::Dataset& data);

 private:
  std::vector<std::pair<Trainer, double>> members_;
};

/// For bagging.
struct EnsembleOptions {
  int64_t members = 5;
  uint64_t seed = 1;
  FitOptions fit = {.verbosity = Verbosity::silent};
};
/// Trains each member on a bootstrap sample of the data (Breiman, 1996).
Ensemble bagging(const MakeTrainer& make, const data::Dataset& train, const EnsembleOptions& options = {});

/// How a member of boosting uses the weights of the rows: as weights in the loss (data::Dataset::weights), or as
/// probabilities for drawing its training sample.
enum class Boost { weigh, resample };

/// For boosting.
struct BoostingOptions {
  int64_t members = 5;
  uint64_t seed = 1;
  FitOptions fit = {.verbosity = Verbosity::silent};
  Boost by = Boost::weigh;
};
/// AdaBoost.SAMME over classes (Zhu et al., 2009): samme_round() increases the weights of the rows that the members so
/// far get wrong. Ends early if a member is no better than chance (it is discarded) or makes no error. Throws
/// `invalid_argument` if the first member is no better than chance.
Ensemble boosting(const MakeTrainer& make, const data::Dataset& train, const BoostingOptions& options = {});

/// The result of one round of boosting.
struct SammeRound {
  double error = 0;             // share of the weight on rows that the member gets wrong
  double estimator_weight = 0;  // its weight in the vote: log((1 - error) / error) + log(classes - 1)
  std::vector<double> weights;  // of the rows for the next member: times exp(estimator_weight) where it is wrong; sum 1
};
/// `weights` add up to 1. An error below 1e-6 counts as 1e-6. Throws `shape_mismatch`.
SammeRound samme_round(const std::vector<double>& weights, const std::vector<int32_t>& labels,
                       const std::vector<int32_t>& chosen, int64_t classes);

}  // namespace lemnos::selection

LEMNOS_END_PUBLIC
