// Metrics. During training, on the device: numbers beside the loss. Afterwards, on the host, from the results of
// Trainer::predict: confusion matrix, precision and recall, ROC curve, thresholds; as numbers, text, CSV and SVG.
// IndexWatch reports indices that are out of range.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "lemnos/graph.h"
#include "lemnos/loss.h"
#include "lemnos/session.h"
#include "lemnos/visibility.h"

LEMNOS_BEGIN_PUBLIC

namespace lemnos::metrics {

// During training ----------------------------------------------------------------------------------------------------
/// A number for each step, and its mean over an epoch weighted by the rows of the steps: column `name` of the history,
/// and "val_<name>" for the validation.
struct Metric {
  std::string name;
  /// Any loss (`loss::Mae{}`), one of the following, or your own function, which returns a scalar: the weighted mean
  /// over the rows. A function with another divisor has a `weight` (loss::Loss).
  class Function {
   public:
    Function() = default;
    template <typename F>
    requires(!std::is_same_v<F, Function> && std::is_invocable_r_v<Value, const F&, Value, Value, loss::Mask>)
        Function(F mean)
        : weight(loss::weight_of(mean)), mean_(std::move(mean)) {}
    Value operator()(Value prediction, Value target, loss::Mask mask) const { return mean_(prediction, target, mask); }
    explicit operator bool() const { return static_cast<bool>(mean_); }
    loss::Weight weight;

   private:
    std::function<Value(Value, Value, loss::Mask)> mean_;
  };
  Function value;
  int64_t output = 0;  // index of the output and target of the model
};
/// The share of the rows whose class i32[B] is among the k largest of logits [B, C].
struct TopK {
  int64_t k = 5;
  Value operator()(Value logits, Value target, loss::Mask mask) const;
  /// The sum of the weights of the rows that count.
  Value weight(Value target, loss::Mask mask) const;
};
/// The share of the elements whose prediction is above `threshold` where the target is above 1/2 and not elsewhere: 0
/// for logits, 1/2 for probabilities.
struct BinaryAccuracy {
  float threshold = 0;
  Value operator()(Value prediction, Value target, loss::Mask mask) const;
};

// Afterwards
// --------------------------------------------------------------------------------------------------------
/// For each row the class with the largest of its `classes` scores; among equal scores the first.
std::vector<int32_t> classes_of(std::span<const float> scores, int64_t classes);
/// The share of the rows whose label is among the k largest scores. Throws `shape_mismatch` if the numbers of scores
/// and labels do not match; so do the other functions. Negative labels do not count.
double top_k_accuracy(std::span<const float> scores, std::span<const int32_t> labels, int64_t k = 1);
/// exp(x - max) / sum for each row of `classes` scores: logits as probabilities.
std::vector<float> probabilities(std::span<const float> logits, int64_t classes);

/// Scores of one class against the rest. A quotient 0 / 0 is 0.
struct ClassScores {
  double precision = 0;    // TP / (TP + FP)
  double recall = 0;       // TP / (TP + FN), also called sensitivity
  double specificity = 0;  // TN / (TN + FP)
  double f = 0;            // (1 + beta^2) precision recall / (beta^2 precision + recall)
  int64_t support = 0;     // rows of the class
};

enum class Average {
  macro,     // the mean over the classes
  weighted,  // by their rows
  micro      // from the counts of all classes together
};

/// How often each class was predicted for each label.
class ConfusionMatrix {
 public:
  /// Throws `out_of_range` naming the row whose label or prediction is not below `classes`.
  ConfusionMatrix(std::span<const int32_t> labels, std::span<const int32_t> predictions, int64_t classes,
                  std::vector<std::string> names = {});

  /// The number of classes.
  int64_t classes() const { return classes_; }
  /// How many rows of this label were predicted so.
  int64_t count(int64_t label, int64_t prediction) const;
  /// The number of rows.
  int64_t total() const;
  /// The share of rows on the diagonal.
  double accuracy() const;
  /// Precision, recall and F of one class.
  ClassScores scores(int64_t of_class, double beta = 1) const;
  /// The same, averaged over the classes.
  ClassScores scores(Average average, double beta = 1) const;

  std::string text(double beta = 1) const;  ///< the matrix, then a line for each class and each average
  std::string csv() const;                  ///< a header of predictions, a line for each label
  /// A picture of the matrix.
  std::string svg(const std::string& title = "confusion matrix") const;

 private:
  int64_t classes_;
  std::vector<int64_t> counts_;  // [label, prediction]
  std::vector<std::string> names_;
};

/// One point for each threshold: scores at or above it count as positive.
struct ThresholdPoint {
  double threshold = 0;
  double true_positive_rate = 0;   // recall
  double false_positive_rate = 0;  // 1 - specificity
  double precision = 0, f1 = 0, accuracy = 0;
};

/// The ROC curve of scores with labels 0 or 1, with one point for each distinct score.
class RocCurve {
 public:
  /// Throws `invalid_argument` if one of the two classes has no rows, or naming a score that is not finite.
  RocCurve(std::span<const float> scores, std::span<const int32_t> labels);

  const std::vector<ThresholdPoint>& points() const { return points_; }  ///< from the highest threshold down
  /// The area under the curve: how often a positive scores above a negative, ties counted half.
  double area() const { return area_; }
  /// The threshold with the largest F1.
  ThresholdPoint best_f1() const;

  /// A line for each threshold.
  std::string csv() const;
  std::string svg(const std::string& title = "ROC") const;  ///< the curve, and precision, recall and F1 by threshold

 private:
  std::vector<ThresholdPoint> points_;
  double area_ = 0;
};

/// The points at `count` thresholds from 0 to 1, both included.
std::vector<ThresholdPoint> threshold_sweep(std::span<const float> scores, std::span<const int32_t> labels,
                                            int64_t count = 21);
std::string text(const std::vector<ThresholdPoint>& points);

/// Metrics of predicted values (not classes).
struct RegressionScores {
  double mae = 0;   // mean |p - t|
  double rmse = 0;  // sqrt(mean (p - t)^2)
  double r2 = 0;    // 1 - sum (p - t)^2 / sum (t - mean t)^2
};
RegressionScores regression_scores(std::span<const float> predictions, std::span<const float> targets);

/// Out-of-range indices in one tensor of indices.
struct IndexErrors {
  std::string op;        // the op of the first node that reads the tensor
  std::string indices;   // the tensor: its name, where it has one, and its desc
  int64_t count = 0;     // since the start, or since clear()
  int64_t first = 0;     // value of the first of them
  int64_t position = 0;  // and its position in the tensor
  int64_t limit = 0;     // indices must be below it

  std::string text() const;  ///< "gather: 3 of rows i32[8] are not below 5, the first is 7 at element 2"
};

/// Counts out-of-range indices on the device, without a wait, for all nodes that `targets` need: labels of a
/// cross-entropy, tokens of an embedding, rows of a gather or scatter_add, and indices of your own ops
/// (OpDef::index_limit). No kernel reads memory through such an index: the loss becomes NaN, the row is `fill`, the
/// pair does not count. A negative index means "none" and is no error. Trainer checks the labels of a data set itself.
/// This class is for your own graphs; it costs one small launch for each tensor of indices in the programs that compute
/// value().
///
///     metrics::IndexWatch watch({loss});
///     auto program = session->compile({.targets = {loss, watch.value()}});
///     program->run(100);
///     for (const metrics::IndexErrors& e : watch.read(*session)) std::cerr << e.text() << '\n';
class IndexWatch {
 public:
  /// Adds a variable and its updates to the targets' graph. Throws `invalid_argument` if no node reads indices.
  explicit IndexWatch(std::span<const Value> targets);
  IndexWatch(std::initializer_list<Value> targets) : IndexWatch(std::span(targets.begin(), targets.size())) {}

  /// To be computed with a program's targets.
  Value value() const { return value_; }
  /// The out-of-range indices so far, one entry for each tensor that contained any. Waits.
  std::vector<IndexErrors> read(Session& session) const;
  /// Sets all counts to 0.
  void clear(Session& session) const;

 private:
  Value value_;
  std::vector<IndexErrors> watched_;  // a row of the variable each
};

}  // namespace lemnos::metrics

LEMNOS_END_PUBLIC
