// Losses for a Trainer: what is minimised, over the rows of a batch that count.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "lemnos/graph.h"
#include "lemnos/ops.h"
#include "lemnos/visibility.h"

LEMNOS_BEGIN_PUBLIC

namespace lemnos::loss {

/// Any callable `Value(Value prediction, Value target, Value mask)` with a `kind` is a loss. `mask` is f32[B], 1 for
/// the rows that count and 0 for the padding of the last batch; the result is a scalar, the mean over the rows that
/// count.
class Loss {
 public:
  template <typename L>
  requires(!std::is_same_v<L, Loss> && std::is_invocable_r_v<Value, const L&, Value, Value, Value>) Loss(L loss)
      : kind_(L::kKind), classes_(L::kClasses), apply_(std::move(loss)) {}

  const std::string& kind() const { return kind_; }
  /// The predictions are logits of classes: accuracy makes sense.
  bool classes() const { return classes_; }
  Value operator()(Value prediction, Value target, Value mask) const { return apply_(prediction, target, mask); }

 private:
  std::string kind_;
  bool classes_;
  std::function<Value(Value, Value, Value)> apply_;
};

/// softmax_cross_entropy of logits [B, C] with class indices i32[B] (or probabilities [B, C]).
struct CrossEntropy {
  static constexpr const char* kKind = "cross_entropy";
  static constexpr bool kClasses = true;
  float label_smoothing = 0;
  /// A weight for each class (data::class_weights); the mean over class indices divides by the weights. Empty: all 1.
  std::vector<float> class_weights = {};
  Value operator()(Value logits, Value target, Value mask) const;
};

/// Mean over all elements of binary_cross_entropy_with_logits, targets in [0, 1].
struct BinaryCrossEntropy {
  static constexpr const char* kKind = "binary_cross_entropy";
  static constexpr bool kClasses = false;
  float positive_weight = 1;
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
  Value operator()(Value prediction, Value target, Value mask) const;
};

/// The mean of per-element losses [B, ..] over the rows that `mask` f32[B] counts.
Value masked_mean(Value losses, Value mask);

}  // namespace lemnos::loss

namespace lemnos {
using loss::Loss;
}

LEMNOS_END_PUBLIC
