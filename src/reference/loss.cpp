// Losses over elements: prediction p, target t, parameters a and b. Formulas and defaults as in PyTorch.
#include "reference/loss.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string_view>

#include "reference/functions.h"

namespace lemnos::reference {

namespace {

using D = double;

D huber(D u, D a) { return std::abs(u) <= a ? u * u / 2 : a * (std::abs(u) - a / 2); }
D log_cosh(D u) { return std::abs(u) + std::log1p(std::exp(-2 * std::abs(u))) - std::numbers::ln2; }

D binary_cross_entropy(D p, D t, D, D) {
  return -t * std::max(std::log(p), -100.0) - (1 - t) * std::max(std::log1p(-p), -100.0);
}
D binary_cross_entropy_with_logits(D p, D t, D a, D) { return (1 - t) * p + (1 + (a - 1) * t) * softplus(-p); }

// z is the logit of the target's own class, for t 0 or 1.
D focal(D p, D t, D a, D b) {
  const D z = (2 * t - 1) * p;
  return (t * b + (1 - t) * (1 - b)) * std::pow(sigmoid(-z), a) * softplus(-z);
}
D focal_slope(D p, D t, D a, D b) {
  const D z = (2 * t - 1) * p;
  const D weight = (t * b + (1 - t) * (1 - b)) * std::pow(sigmoid(-z), a);
  return -(2 * t - 1) * weight * (a * sigmoid(z) * softplus(-z) + sigmoid(-z));
}

const LossFunction kLossFunctions[] = {
    {"mse_loss", [](D p, D t, D, D) { return (p - t) * (p - t); }, [](D p, D t, D, D) { return 2 * (p - t); }, true},
    {"l1_loss", [](D p, D t, D, D) { return std::abs(p - t); },
     [](D p, D t, D, D) { return p > t ? 1.0 : (p < t ? -1.0 : p - t); }, true},
    {"huber_loss", [](D p, D t, D a, D) { return huber(p - t, a); },
     [](D p, D t, D a, D) { return std::clamp(p - t, -a, a); }, true},
    {"smooth_l1_loss", [](D p, D t, D a, D) { return huber(p - t, a) / a; },
     [](D p, D t, D a, D) { return std::clamp((p - t) / a, -1.0, 1.0); }, true},
    {"log_cosh_loss", [](D p, D t, D, D) { return log_cosh(p - t); }, [](D p, D t, D, D) { return std::tanh(p - t); },
     true},
    {"binary_cross_entropy", binary_cross_entropy,
     [](D p, D t, D, D) { return (p - t) / std::max(p * (1 - p), 1e-12); }, false},
    {"binary_cross_entropy_with_logits", binary_cross_entropy_with_logits,
     [](D p, D t, D a, D) { return (1 - t) - (1 + (a - 1) * t) * sigmoid(-p); }, false},
    {"kl_divergence", [](D p, D t, D, D) { return t > 0 ? t * (std::log(t) - p) : 0.0; },
     [](D, D t, D, D) { return -t; }, false},
    {"hinge_loss", [](D p, D t, D, D) { return std::max(1 - t * p, 0.0); },
     [](D p, D t, D, D) { return t * p < 1 ? -t : 0.0; }, false},
    {"squared_hinge_loss", [](D p, D t, D, D) { return std::pow(std::max(1 - t * p, 0.0), 2); },
     [](D p, D t, D, D) { return -2 * t * std::max(1 - t * p, 0.0); }, false},
    {"poisson_log_loss", [](D p, D t, D, D) { return std::exp(p) - t * p; },
     [](D p, D t, D, D) { return std::exp(p) - t; }, false},
    {"poisson_loss", [](D p, D t, D, D) { return p - t * std::log(p + 1e-8); },
     [](D p, D t, D, D) { return 1 - t / (p + 1e-8); }, false},
    {"focal_loss", focal, focal_slope, false},
};

}  // namespace

std::span<const LossFunction> loss_functions() { return kLossFunctions; }

void loss(const Reference& c) {
  const auto attrs = c.attrs<LossAttrs>();
  const auto* f = std::ranges::find(kLossFunctions, std::string_view(c.node.op->name),
                                    [](const LossFunction& l) { return std::string_view(l.name); });
  const double a = attrs.a, b = attrs.b;
  const size_t count = c.in[0].size();
  const std::string& reduction = attrs.reduction;
  const double scale = reduction == "mean" ? 1 / static_cast<double>(count) : 1;
  double sum = 0;
  for (size_t i = 0; i < count; ++i) {
    const double value = f->value(c.in[0][i], c.in[1][i], a, b);
    if (reduction == "none") c.out[0][i] = value;
    if (c.out.size() == 2) c.out[1][i] = scale * f->slope(c.in[0][i], c.in[1][i], a, b);
    sum += value;
  }
  if (reduction != "none") c.out[0][0] = scale * sum;
}

}  // namespace lemnos::reference
