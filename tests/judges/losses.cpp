// Losses over elements, rows and classes.
//
// Most losses of Lemnos have no gradient for the target, which PyTorch's database asks for. Where a formula of a line
// has it, the value and the prediction's gradient are judged of the op and the target's of the formula (`completed`).

#include <cmath>
#include <functional>
#include <numbers>
#include <string>

#include "judges/helpers.h"
#include "judges/tables.h"

namespace lemnos::judges {

namespace {

using Formula = std::function<Value(Value p, Value t)>;

// `op` with the target's gradient of `formula`: what is added is 0.
Value completed(const Formula& op, Value p, Value t, const Formula& formula) {
  const Value y = formula(stop_gradient(p), t);
  return op(p, stop_gradient(t)) + (y - stop_gradient(y));
}

// Losses a row or an element, weighed and reduced by the call's words.
Value finished(Args& a, Value losses) {
  if (a.has("weight")) losses = losses * a.tensor("weight");
  return reduced(losses, a.word("reduction", "mean"));
}

using OfElements = Value (*)(Value, Value, Reduction);

Formula of(OfElements f) {
  return [f](Value p, Value t) { return f(p, t, Reduction::none); };
}

auto plain_losses(OfElements f) {
  return [f](Args& a) {
    return f(a.tensor({0, "input"}), a.tensor({1, "target"}), reduction_of(a.word("reduction", "mean")));
  };
}

Value huber(Args& a) {
  return huber_loss(a[0], a[1], a.real_number("delta", 1), reduction_of(a.word("reduction", "mean")));
}

Value smooth_l1(Args& a) {
  const float beta = a.real_number("beta", 1);
  const Reduction reduction = reduction_of(a.word("reduction", "mean"));
  return beta == 0 ? l1_loss(a[0], a[1], reduction) : smooth_l1_loss(a[0], a[1], beta, reduction);
}

Value binary(Args& a) {
  const auto formula = [](Value p, Value t) { return t * log(affine(p, -1, 1)) - t * log(p); };
  return finished(a, completed(of(binary_cross_entropy), a[0], a[1], formula));
}

// (1 - t) x + (1 + (w - 1) t) softplus(-x)
Value binary_with_logits(Args& a) {
  const Value x = a[0], t = a[1];
  if (a.has("pos_weight")) {
    const Value w = a.tensor("pos_weight");
    return finished(a, affine(t, -1, 1) * x + ((w - 1.f) * t + 1.f) * softplus(-x));
  }
  const auto formula = [](Value p, Value target) { return -(target * p); };
  const auto op = [](Value p, Value target) { return binary_cross_entropy_with_logits(p, target, 1, Reduction::none); };
  return finished(a, completed(op, x, t, formula));
}

Value kl_div(Args& a) {
  const Value p = a[0], t = a[1];
  const std::string reduction = a.word("reduction", "mean");
  const auto formula = [](Value x, Value target) { return target * (log(target) - x); };
  const Value losses = a.flag("log_target", false) ? exp(t) * (t - p) : completed(of(kl_divergence), p, t, formula);
  if (reduction == "batchmean") return sum(losses) / static_cast<float>(p.shape()[0]);
  return reduced(losses, reduction);
}

Value poisson(Args& a) {
  const Value p = a[0], t = a[1];
  const bool logarithms = a.flag("log_input", true);
  const float eps = a.real_number("eps", 1e-8);
  const auto formula = [=](Value x, Value target) { return -(target * (logarithms ? x : log(x + eps))); };
  const auto op = [=](Value x, Value target) { return poisson_loss(x, target, logarithms, Reduction::none); };
  Value losses = !logarithms && eps != 1e-8f ? p - t * log(p + eps) : completed(op, p, t, formula);
  if (a.flag("full", false)) {
    const Value one = a.graph().scalar(1), high = greater(t, one), n = where(high, t, one);
    losses = losses + where(high, n * log(n) - n + .5f * log(2 * std::numbers::pi_v<float> * n), a.graph().scalar(0));
  }
  return reduced(losses, a.word("reduction", "mean"));
}

Value gaussian(Args& a) {
  const Value variance = maximum(a[2], a.graph().scalar(a.real_number("eps", 1e-6)));
  const Value losses = .5f * (log(variance) + square(a[0] - a[1]) / variance);
  const float constant = a.flag("full", false) ? .5f * std::log(2 * std::numbers::pi_v<float>) : 0;
  return reduced(losses + constant, a.word("reduction", "mean"));
}

Value hinge_embedding(Args& a) {
  const Value x = a[0], zero = a.graph().scalar(0), one = a.graph().scalar(1);
  const Value apart = relu(affine(x, -1, a.real_number("margin", 1)));
  return reduced(where(equal(a[1], one), zero, apart) + where(equal(a[1], -one), zero, x), a.word("reduction", "mean"));
}

Value margin_ranking(Args& a) {
  const float margin = a.real_number("margin", 0);
  return reduced(relu(a[2] * (a[1] - a[0]) + margin), a.word("reduction", "mean"));
}

Value multilabel_soft_margin(Args& a) {
  Value losses = binary_cross_entropy_with_logits(a[0], a[1], 1, Reduction::none);
  if (a.has("weight")) losses = losses * a.tensor("weight");
  return reduced(mean(losses, {static_cast<int64_t>(losses.shape().rank()) - 1}), a.word("reduction", "mean"));
}

// Classes on the last axis, class indices one a row; the weights of the terms by class.
struct Classes {
  Value logits, targets;
  Shape rows;  // of the losses
  bool indices = true;

  explicit Classes(Args& a) {
    const Value x = a[0], t = a.tensor({1, "target"});
    indices = t.dtype() == DType::i32;
    const auto rank = static_cast<int64_t>(x.shape().rank());
    Axes order = {0};
    for (int64_t i = 2; i < rank; ++i) order.push_back(i);
    order.push_back(1);
    logits = rank == 1 ? reshape(x, Shape{1, x.shape()[0]}) : permute(x, order);
    targets = rank == 1 ? reshape(t, indices ? Shape{1} : Shape{1, x.shape()[0]}) : indices ? t : permute(t, order);
    rows = rank == 1 ? Shape{} : logits.shape().without(logits.shape().rank() - 1);
    const int64_t ignored = a.integer("ignore_index", -100);
    if (indices && ignored >= 0) {
      const Value never = full(x.graph(), {}, static_cast<float>(ignored), DType::i32);
      targets = where(equal(targets, never), full(x.graph(), {}, -1, DType::i32), targets);
    }
  }
};

Value cross_entropy(Args& a, Value (*f)(Value, Value, CrossEntropyOptions)) {
  const Classes c(a);
  const std::string reduction = a.word("reduction", "mean");
  const CrossEntropyOptions options{.reduction = reduction_of(reduction),
                                    .label_smoothing = a.real_number("label_smoothing", 0),
                                    .class_weights = a.tensor_or_none({2, "weight"})};
  const auto op = [&](Value logits, Value t) { return f(logits, t, options); };
  if (c.indices) {
    const Value loss = op(c.logits, c.targets);
    return reduction == "none" ? reshape(loss, c.rows) : loss;
  }
  const auto formula = [&](Value logits, Value t) {
    const Value terms = options.class_weights ? t * options.class_weights : t;
    const auto last = static_cast<int64_t>(t.shape().rank()) - 1;
    return reduced(-sum(terms * log_softmax(logits), {last}), reduction);
  };
  return completed(op, c.logits, c.targets, formula);
}

// sum over the classes but the target's own of max(0, margin - x[target] + x)^p w[target] / C
Value multi_margin(Args& a) {
  const Value x = at_least_1d(a[0]), rows = x.shape().rank() == 2 ? x : reshape(x, Shape{1, x.shape()[0]});
  const int64_t classes = rows.shape()[1];
  const Value target = reshape(a[1], Shape{rows.shape()[0], 1});
  const Value own = cast(equal(range(a.graph(), 0, classes), target), DType::f32);
  Value terms = relu(affine(sum(rows * own, {1}, true), -1, a.real_number("margin", 1)) + rows) * affine(own, -1, 1);
  if (a.integer("p", 1) == 2) terms = square(terms);
  if (a.has("weight")) terms = terms * sum(own * a.tensor("weight"), {1}, true);
  const Value losses = sum(terms, {1}) / static_cast<float>(classes);
  const std::string reduction = a.word("reduction", "mean");
  return reduction == "none" ? reshape(losses, a[1].shape()) : reduced(losses, reduction);
}

Value triplet(Args& a) {
  const Reduction reduction = reduction_of(a.word("reduction", "mean"));
  return triplet_margin_loss(a[0], a[1], a[2], a.real_number("margin", 1), reduction, a.flag("swap", false));
}

Value multilabel_margin(Args& a) {
  const Reduction reduction = reduction_of(a.word("reduction", "mean"));
  return multilabel_margin_loss(at_least_1d(a[0]), at_least_1d(a[1]), reduction);
}

// Lengths are tensors or lists of numbers. PyTorch's gradient takes the logarithms for log_softmax's, as ctc_loss does.
Value ctc(Args& a) {
  const auto lengths = [&](Where where) {
    return a.is_tensor(where) ? a.tensor(where) : indices(a.graph(), a.list(where));
  };
  return ctc_loss(a[0], a[1], lengths({2, "input_lengths"}), lengths({3, "target_lengths"}),
                  {.blank = a.integer({4, "blank"}, 0),
                   .reduction = reduction_of(a.word("reduction", "mean")),
                   .zero_infinity = a.flag("zero_infinity", false)});
}

Value cosine_embedding(Args& a) {
  const Reduction reduction = reduction_of(a.word("reduction", "mean"));
  return cosine_embedding_loss(a[0], a[1], a[2], a.real_number("margin", 0), reduction);
}

}  // namespace

void add_losses(Table& t) {
  const auto nn = [&](const char* name, auto f) { t.add(std::string("nn.functional.") + name, f); };
  nn("mse_loss", plain_losses(mse_loss));
  nn("l1_loss", plain_losses(l1_loss));
  nn("smooth_l1_loss", smooth_l1);
  nn("huber_loss", huber);
  nn("binary_cross_entropy", binary);
  nn("binary_cross_entropy_with_logits", binary_with_logits);
  nn("kl_div", kl_div);
  nn("poisson_nll_loss", poisson);
  nn("gaussian_nll_loss", gaussian);
  nn("hinge_embedding_loss", hinge_embedding);
  nn("margin_ranking_loss", margin_ranking);
  nn("soft_margin_loss", [](Args& a) { return reduced(softplus(-(a[1] * a[0])), a.word("reduction", "mean")); });
  nn("multilabel_soft_margin_loss", multilabel_soft_margin);
  nn("multi_margin_loss", multi_margin);
  nn("cross_entropy", [](Args& a) { return cross_entropy(a, softmax_cross_entropy); });
  nn("nll_loss", [](Args& a) { return cross_entropy(a, nll_loss); });
  nn("multilabel_margin_loss", multilabel_margin);
  nn("ctc_loss", ctc);
  nn("triplet_margin_loss", triplet);
  nn("cosine_embedding_loss", cosine_embedding);
}

}  // namespace lemnos::judges
