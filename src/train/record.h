// What a step records beside its loss: how many rows were right, and further numbers by name.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "lemnos/train.h"
#include "train/feed.h"

namespace lemnos::train {

/// Loss and accuracy of each of several outputs, then the metrics: columns of the history. Throws `invalid_argument`
/// for a name that is empty or not the only one of its kind.
std::vector<std::string> recorded_names(const TrainerOptions& options);

/// Throws `shape_mismatch` where a class loss finds fewer logits than its target has classes.
void require_logits(const TrainerOptions& options, const std::vector<Value>& predictions, const data::Dataset& data);

/// The accuracy_count of a batch: {rows that are right, rows that count}. Targets may be classes or, for each class, a
/// probability.
Value right_and_counted(Value prediction, Value target, Value mask);

/// f32[..]: the recorded numbers in order, their divisors, and the divisor of the loss unless that is the count in the
/// ring; empty if there is none of these. `losses` are those of the loss's terms.
Value recorded(const TrainerOptions& options, const std::vector<Value>& predictions, const Batch& batch,
               const std::vector<Value>& losses);

/// Adds steps up: means over all that counted in them, not means of their means.
class Tally {
 public:
  /// `recorded` names StepMetrics::more. Both must outlive it.
  Tally(const TrainerOptions& options, const std::vector<std::string>& recorded)
      : options_(options), recorded_(recorded), more_(recorded.size()) {}

  Tally& add(std::span<const StepMetrics> steps);
  Metrics means() const;

 private:
  struct Sum {
    double value = 0, weight = 0;
    void add(double mean, double by);
    double mean() const;  // NaN where nothing counted
  };

  const TrainerOptions& options_;
  const std::vector<std::string>& recorded_;
  Sum loss_, right_;
  std::vector<Sum> more_;
};

}  // namespace lemnos::train
