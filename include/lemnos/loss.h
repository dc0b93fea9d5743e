// Losses for a Trainer: the minimised quantity, over the rows of a batch that count.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "lemnos/graph.h"
#include "lemnos/ops.h"
#include "lemnos/visibility.h"

LEMNOS_BEGIN_PUBLIC

namespace lemnos::loss {

/// The weight of each row of a batch: f32[B], 0 for the padding of the last batch, otherwise 1 or the weight from the
/// data set.
struct Mask {
  Value rows;
  bool weighted = true;  // false: only ones and zeros; a loss that handles padding itself can ignore them

  Mask(Value counts, bool with_weights = true) : rows(counts), weighted(with_weights) {}
  operator Value() const { return rows; }
};

/// The number that counts, f32[]: of class indices i32[..] those that are not negative; otherwise, and if rows have
/// weights, the sum of the mask.
Value counts(Value target, Mask mask);

/// The divisor of a mean over a batch, f32[]; empty: counts().
using Weight = std::function<Value(Value target, Mask mask)>;
/// The `Value weight(Value target, Mask mask) const` of the loss, if it has one.
template <typename Mean>
Weight weight_of(const Mean& mean) {
  if constexpr (requires(Value target, Mask mask) { Value(mean.weight(target, mask)); })
    return [mean](Value target, Mask mask) { return mean.weight(target, mask); };
  return {};
}

struct Term;

/// Any callable `Value(Value prediction, Value target, Value mask)` with a `kind` is a loss. It returns a scalar, the
/// weighted mean over the rows (see Mask). A loss of several outputs takes lists of them. A loss whose divisor is not
/// counts() also has `Value weight(Value target, Mask mask) const`, which returns the divisor, or an empty value where
/// that is counts(). The divisors are needed to add up parts of a batch, and batches.
class Loss {
 public:
  /// A loss of one output: prediction, target, mask.
  using One = std::function<Value(Value, Value, Mask)>;
  /// A loss of several outputs.
  using Many = std::function<Value(const std::vector<Value>&, const std::vector<Value>&, Mask)>;

  template <typename L>
  requires(!std::is_same_v<L, Loss> && std::is_invocable_r_v<Value, const L&, Value, Value, Mask>) Loss(L loss)
      : kind_(L::kKind), classes_(L::kClasses), weight_(weight_of(loss)), one_(std::move(loss)) {}
  Loss(std::string kind, bool classes, Many apply)
      : kind_(std::move(kind)), classes_(classes), many_(std::move(apply)) {}

  /// Its name, for messages and files.
  const std::string& kind() const { return kind_; }
  /// True if the first predictions are class logits, so that accuracy is defined.
  bool classes() const { return classes_; }
  /// Throws `shape_mismatch` if the number of outputs and targets is not the loss's.
  Value operator()(const std::vector<Value>& predictions, const std::vector<Value>& targets, Mask mask) const {
    return total(each(predictions, targets, mask));
  }
  /// The losses of the terms of joint(), or the loss itself; and their weighted sum.
  std::vector<Value> each(const std::vector<Value>& predictions, const std::vector<Value>& targets, Mask mask) const;
  /// The weighted sum of the terms' values.
  Value total(const std::vector<Value>& each) const;
  /// The divisors of each(), f32[] each; empty: counts() of that target.
  std::vector<Value> weights(const std::vector<Value>& targets, Mask mask) const;
  /// The terms of joint(), each with a name; empty for other losses.
  const std::vector<Term>& terms() const;

 private:
  friend Loss joint(std::vector<Term> terms);

  std::string kind_;
  bool classes_;
  Weight weight_;                                   // may be empty
  One one_;                                         // or
  Many many_;                                       // or
  std::shared_ptr<const std::vector<Term>> terms_;  // one of the three
};

/// A term of joint().
struct Term {
  Loss loss;
  float weight = 1;
  /// Prefix of its columns in the history, "<name>_loss" and, of class losses, "<name>_accuracy"; empty: "out1",
  /// "out2" and so on.
  std::string name = {};
};
/// The weighted sum of one loss for each output, which compares that output with the target at the same index. Accuracy
/// is that of the first. Throws `invalid_argument` without terms, or for a name that occurs twice.
Loss joint(std::vector<Term> terms);

/// softmax_cross_entropy of logits [B, C] with class indices i32[B] (or probabilities [B, C]).
struct CrossEntropy {
  static constexpr const char* kKind = "cross_entropy";
  static constexpr bool kClasses = true;
  float label_smoothing = 0;
  /// A weight for each class (data::class_weights); the mean over class indices divides by the weights. Empty: all 1.
  std::vector<float> class_weights = {};
  void visit(auto&& f) { f("label_smoothing", label_smoothing), f("class_weights", class_weights); }
  Value operator()(Value logits, Value target, Mask mask) const;
  /// The normaliser of a batch: the sum of what its rows weigh.
  Value weight(Value target, Mask mask) const;
};

/// Mean over all elements of binary_cross_entropy_with_logits, targets in [0, 1].
struct BinaryCrossEntropy {
  static constexpr const char* kKind = "binary_cross_entropy";
  static constexpr bool kClasses = false;
  float positive_weight = 1;
  void visit(auto&& f) { f("positive_weight", positive_weight); }
  Value operator()(Value logits, Value target, Value mask) const;
};

/// Mean over all elements of (prediction - target)^2.
struct Mse {
  static constexpr const char* kKind = "mse";
  static constexpr bool kClasses = false;
  Value operator()(Value prediction, Value target, Value mask) const;
};

/// Mean over all elements of |prediction - target|.
struct Mae {
  static constexpr const char* kKind = "mae";
  static constexpr bool kClasses = false;
  Value operator()(Value prediction, Value target, Value mask) const;
};

/// Mean over all elements of huber_loss.
struct Huber {
  static constexpr const char* kKind = "huber";
  static constexpr bool kClasses = false;
  float delta = 1;
  void visit(auto&& f) { f("delta", delta); }
  Value operator()(Value prediction, Value target, Value mask) const;
};

/// The structs above, by their kind.
std::span<const Maker<Loss>> loss_makers();
/// Throws `not_found` with the kinds that exist.
Loss loss_from_name(const std::string& kind, const Attrs& options = {});

/// The mean of per-element losses [B, ..] over the rows, weighted by `mask` f32[B]; 0 if no row counts.
Value masked_mean(Value losses, Value mask);

}  // namespace lemnos::loss

namespace lemnos {
using loss::Loss;
}

LEMNOS_END_PUBLIC
