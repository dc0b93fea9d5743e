// One optimizer step. g is the gradient, t the number of the update from 1, slots s[0].. the optimizer's own state.
// Formulas and defaults as in PyTorch.
#include "reference/optimizer.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "shaders/common/step_state.h"
#include "shaders/optimizer.h"

namespace lemnos::reference {

namespace {

// What is the same for every element of one step.
struct Step {
  OptimizerAttrs attrs;
  double lr, eps, momentum, dampening, beta1, beta2, lr_decay, momentum_decay;
  bool nesterov, centered;
  size_t slots;
  double t;  // number of the update, from 1
  double correction1, correction2, momentum_product;
};

double sgd(const Step& o, double, double g, double* s) {
  if (o.slots == 0) return o.lr * g;
  s[0] = o.t == 1 ? g : o.momentum * s[0] + (1 - o.dampening) * g;
  return o.lr * (o.nesterov ? g + o.momentum * s[0] : s[0]);
}

double adagrad(const Step& o, double, double g, double* s) {
  s[0] += g * g;
  return o.lr / (1 + (o.t - 1) * o.lr_decay) * g / (std::sqrt(s[0]) + o.eps);
}

double adadelta(const Step& o, double, double g, double* s) {
  s[0] = o.beta2 * s[0] + (1 - o.beta2) * g * g;
  const double delta = std::sqrt(s[1] + o.eps) / std::sqrt(s[0] + o.eps) * g;
  s[1] = o.beta2 * s[1] + (1 - o.beta2) * delta * delta;
  return o.lr * delta;
}

double rmsprop(const Step& o, double, double g, double* s) {
  s[0] = o.beta2 * s[0] + (1 - o.beta2) * g * g;
  double variance = s[0];
  if (o.slots == 3 && o.centered) {
    s[2] = o.beta2 * s[2] + (1 - o.beta2) * g;
    variance = std::max(s[0] - s[2] * s[2], 0.0);
  }
  const double direction = g / (std::sqrt(variance) + o.eps);
  if (o.slots != 3) return o.lr * direction;
  s[1] = o.momentum * s[1] + direction;
  return o.lr * s[1];
}

void moments(const Step& o, double g, double* s) {
  s[0] = o.beta1 * s[0] + (1 - o.beta1) * g;
  s[1] = o.beta2 * s[1] + (1 - o.beta2) * g * g;
}

double sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : x; }

// NaN of either stays.
double larger(double a, double b) { return a >= b || std::isnan(a) ? a : b; }

double adam(const Step& o, double, double g, double* s) {
  moments(o, g, s);
  double v = s[1];
  if (o.slots == 3) v = s[2] = larger(s[1], s[2]);
  return o.lr / o.correction1 * s[0] / (std::sqrt(v) / std::sqrt(o.correction2) + o.eps);
}

double nadam(const Step& o, double, double g, double* s) {
  moments(o, g, s);
  const auto momentum_at = [&](double t) { return o.beta1 * (1 - 0.5 * std::pow(0.96, t * o.momentum_decay)); };
  const double now = momentum_at(o.t), next = momentum_at(o.t + 1);
  const double product = o.momentum_product * now;
  return o.lr / (std::sqrt(s[1]) / std::sqrt(o.correction2) + o.eps) *
         ((1 - now) / (1 - product) * g + next / (1 - product * next) * s[0]);
}

double adamax(const Step& o, double, double g, double* s) {
  s[0] = o.beta1 * s[0] + (1 - o.beta1) * g;
  s[1] = larger(o.beta2 * s[1], std::abs(g) + o.eps);
  return o.lr / o.correction1 * s[0] / s[1];
}

double radam(const Step& o, double, double g, double* s) {
  moments(o, g, s);
  const double longest = 2 / (1 - o.beta2) - 1;
  const double length = longest - 2 * o.t * (1 - o.correction2) / o.correction2;
  const double plain = o.lr / o.correction1 * s[0];
  if (length <= 5) return plain;
  const double rectifier = std::sqrt((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length));
  return plain * rectifier * std::sqrt(o.correction2) / (std::sqrt(s[1]) + o.eps);
}

double lion(const Step& o, double, double g, double* s) {
  const double direction = o.beta1 * s[0] + (1 - o.beta1) * g;
  s[0] = o.beta2 * s[0] + (1 - o.beta2) * g;
  return o.lr * sign(direction);
}

// s[0]: the mean of p from the update `start` on, until then p itself.
double asgd(const Step& o, double p, double g, double* s) {
  const double eta = o.lr / std::pow(1 + o.attrs.lambda * o.lr * (o.t - 1), o.attrs.power);
  const double delta = eta * (o.attrs.lambda * p + g);
  const double mu = 1 / std::max(1.0, o.t - 1 - o.attrs.start);
  s[0] += mu * (p - delta - s[0]);
  return delta;
}

// s[0]: the length of a step, in units of lr; s[1]: the gradient before, 0 after a change of its sign.
double rprop(const Step& o, double, double g, double* s) {
  const double same = sign(g) * sign(s[1]);
  const double factor = same > 0 ? o.attrs.grow : same < 0 ? o.attrs.shrink : same == 0 ? 1 : same;
  s[0] = std::clamp(s[0] * factor, o.attrs.least, o.attrs.most);
  s[1] = same < 0 ? 0 : g;
  return o.lr * s[0] * sign(s[1]);
}

// What is subtracted from p; changes the slots.
using Difference = double (*)(const Step&, double p, double g, double* slots);
constexpr Difference kDifferences[] = {sgd, adagrad, adadelta, rmsprop, adam, nadam, adamax, radam, lion, asgd, rprop};

struct Name {
  std::string_view op;
  int number;
};
constexpr Name kNames[] = {
    {"sgd", OPTIMIZER_SGD},           {"sgd_momentum", OPTIMIZER_SGD},  {"adagrad", OPTIMIZER_ADAGRAD},
    {"adadelta", OPTIMIZER_ADADELTA}, {"rmsprop", OPTIMIZER_RMSPROP},   {"rmsprop_momentum", OPTIMIZER_RMSPROP},
    {"adam", OPTIMIZER_ADAM},         {"adam_amsgrad", OPTIMIZER_ADAM}, {"nadam", OPTIMIZER_NADAM},
    {"adamax", OPTIMIZER_ADAMAX},     {"radam", OPTIMIZER_RADAM},       {"lion", OPTIMIZER_LION},
    {"asgd", OPTIMIZER_ASGD},         {"rprop", OPTIMIZER_RPROP},       {"average", OPTIMIZER_AVERAGE},
};

Step step_of(const Reference& c) {
  const StepStateView<const double> state{c.in[2]};
  const auto a = c.attrs<OptimizerAttrs>();
  return {.attrs = a,
          .lr = a.lr * state.real(STATE_SCHEDULE) * state.real(STATE_LR_FACTOR),
          .eps = a.eps,
          .momentum = a.momentum,
          .dampening = a.dampening,
          .beta1 = a.beta1,
          .beta2 = a.beta2,
          .lr_decay = a.lr_decay,
          .momentum_decay = a.momentum_decay,
          .nesterov = a.nesterov,
          .centered = a.centered,
          .slots = c.out.size() - 1,
          .t = static_cast<double>(state.get(STATE_STEP) - state.get(STATE_SKIPPED)),
          .correction1 = a.beta1 * state.real(STATE_CORRECTION1) + (1 - a.beta1),
          .correction2 = a.beta2 * state.real(STATE_CORRECTION2) + (1 - a.beta2),
          .momentum_product = state.real(STATE_MOMENTUM_PRODUCT)};
}

}  // namespace

int optimizer_number(const char* op) { return std::ranges::find(kNames, std::string_view(op), &Name::op)->number; }

void optimizer(const Reference& c) {
  const StepStateView<const double> state{c.in[2]};
  const auto a = c.attrs<OptimizerAttrs>();
  const double clip = state.real(STATE_CLIP_FACTOR);
  if (clip == 0) return;
  const int number = optimizer_number(c.node.op->name);
  const Step base = step_of(c);
  const bool grouped = c.in.size() == 3 + base.slots + 1;
  const double limit = a.clip_value;
  for (size_t i = 0; i < c.out[0].size(); ++i) {
    double& p = c.out[0][i];
    if (number == OPTIMIZER_AVERAGE) {
      p = base.t == 1 ? c.in[1][i] : base.beta1 * p + (1 - base.beta1) * c.in[1][i];
      continue;
    }
    double g = clip * c.in[1][i];
    if (limit > 0) g = std::clamp(g, -limit, limit);
    Step o = base;
    double decay = a.weight_decay;
    if (grouped) {
      if (c.in.back()[i / 64 * 2] == 0) continue;  // frozen, its slots too
      o.lr *= c.in.back()[i / 64 * 2];
      decay *= c.in.back()[i / 64 * 2 + 1];
    }
    if (a.decoupled)
      p *= 1 - o.lr * decay;
    else
      g += decay * p;
    double slots[3] = {};
    for (size_t k = 0; k < o.slots; ++k) slots[k] = c.out[1 + k][i];
    p -= kDifferences[number](o, p, g, slots);
    for (size_t k = 0; k < o.slots; ++k) c.out[1 + k][i] = slots[k];
  }
}

}  // namespace lemnos::reference
