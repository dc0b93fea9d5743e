// The optimizers' options: names, checks, and the update op with its attributes.
#include "base/text.h"
#include "graph/makers.h"
#include "lemnos/optim.h"
#include "optim/spec.h"

namespace lemnos::optim {

namespace {

template <typename... O>
constexpr TypeList<O...> types_of(std::type_identity<std::variant<O...>>) {
  return {};
}

void require_positive_optimizer(const char* who, const char* option, float value) {
  require(value > 0, ErrorCode::invalid_argument, who, ": ", option, ' ', value, " is not above 0");
}
void require_not_negative(const char* who, const char* option, float value) {
  require(value >= 0, ErrorCode::invalid_argument, who, ": ", option, ' ', value, " is below 0");
}
void require_fraction(const char* who, const char* option, float value) {
  require(value >= 0 && value < 1, ErrorCode::invalid_argument, who, ": ", option, ' ', value, " is outside [0, 1)");
}

// The attributes of an optimizer without betas: the corrections in the step state then stay as they are.
constexpr OptimizerAttrs kPlain = {.beta1 = 0, .beta2 = 0};

Spec spec_optimizer(const char*, const Sgd& o) {
  require_not_negative("sgd", "momentum", o.momentum);
  require(!o.nesterov || (o.momentum > 0 && o.dampening == 0), ErrorCode::invalid_argument,
          "sgd: nesterov takes momentum above 0 and dampening 0, not ", o.momentum, " and ", o.dampening);
  OptimizerAttrs attrs = kPlain;
  attrs.momentum = o.momentum;
  attrs.dampening = o.dampening;
  attrs.nesterov = o.nesterov;
  if (o.momentum == 0) return {"sgd", {}, attrs};
  return {"sgd_momentum", {"momentum"}, attrs};
}

Spec spec_optimizer(const char* who, const Adagrad& o) {
  require_not_negative(who, "lr_decay", o.lr_decay);
  require_not_negative(who, "eps", o.eps);
  require_not_negative(who, "initial", o.initial);
  OptimizerAttrs attrs = kPlain;
  attrs.lr_decay = o.lr_decay;
  attrs.eps = o.eps;
  return {"adagrad", {"sum"}, attrs, o.initial};
}

Spec spec_optimizer(const char* who, const Adadelta& o) {
  require_fraction(who, "rho", o.rho);
  require_positive_optimizer(who, "eps", o.eps);
  OptimizerAttrs attrs = kPlain;
  attrs.beta2 = o.rho;
  attrs.eps = o.eps;
  return {"adadelta", {"square", "delta"}, attrs};
}

Spec spec_optimizer(const char* who, const RmsProp& o) {
  require_fraction(who, "alpha", o.alpha);
  require_not_negative(who, "eps", o.eps);
  require_not_negative(who, "momentum", o.momentum);
  OptimizerAttrs attrs = kPlain;
  attrs.beta2 = o.alpha;
  attrs.eps = o.eps;
  attrs.momentum = o.momentum;
  attrs.centered = o.centered;
  if (o.momentum == 0 && !o.centered) return {"rmsprop", {"v"}, attrs};
  return {"rmsprop_momentum", {"v", "momentum", "average"}, attrs};
}

template <typename O>
OptimizerAttrs betas(const char* who, const O& o) {
  require_fraction(who, "beta1", o.beta1);
  require_fraction(who, "beta2", o.beta2);
  return {.beta1 = o.beta1, .beta2 = o.beta2};
}
template <typename O>
OptimizerAttrs betas_and_eps(const char* who, const O& o) {
  require_not_negative(who, "eps", o.eps);
  OptimizerAttrs attrs = betas(who, o);
  attrs.eps = o.eps;
  return attrs;
}

template <typename O>
Spec adam(const char* who, const O& o) {
  const OptimizerAttrs attrs = betas_and_eps(who, o);
  if (!o.amsgrad) return {"adam", {"m", "v"}, attrs};
  return {"adam_amsgrad", {"m", "v", "vmax"}, attrs};
}
Spec spec_optimizer(const char* who, const Adam& o) { return adam(who, o); }
Spec spec_optimizer(const char* who, const AdamW& o) { return adam(who, o); }

Spec spec_optimizer(const char* who, const NAdam& o) {
  require_positive_optimizer(who, "momentum_decay", o.momentum_decay);
  OptimizerAttrs attrs = betas_and_eps(who, o);
  attrs.momentum_decay = o.momentum_decay;
  return {"nadam", {"m", "v"}, attrs};
}
Spec spec_optimizer(const char* who, const Adamax& o) { return {"adamax", {"m", "u"}, betas_and_eps(who, o)}; }
Spec spec_optimizer(const char* who, const RAdam& o) { return {"radam", {"m", "v"}, betas_and_eps(who, o)}; }
Spec spec_optimizer(const char* who, const Lion& o) { return {"lion", {"m"}, betas(who, o)}; }
Spec spec_optimizer(const char* who, const Asgd& o) {
  require_not_negative(who, "lambda", o.lambda);
  require_not_negative(who, "power", o.power);
  require_not_negative(who, "start", o.start);
  OptimizerAttrs attrs = kPlain;
  attrs.lambda = o.lambda;
  attrs.power = o.power;
  attrs.start = o.start;
  return {"asgd", {"average"}, attrs};
}
Spec spec_optimizer(const char* who, const Rprop& o) {
  require_positive_optimizer(who, "lr", o.lr);
  require(o.shrink > 0 && o.shrink < 1, ErrorCode::invalid_argument, who, ": shrink ", o.shrink, " is outside (0, 1)");
  require(o.grow > 1, ErrorCode::invalid_argument, who, ": grow ", o.grow, " is not above 1");
  require(o.least >= 0 && o.least <= o.most, ErrorCode::invalid_argument, who, ": least ", o.least,
          " is below 0 or above most ", o.most);
  OptimizerAttrs attrs = kPlain;
  attrs.shrink = o.shrink;
  attrs.grow = o.grow;
  attrs.least = static_cast<double>(o.least) / o.lr;
  attrs.most = static_cast<double>(o.most) / o.lr;
  return {"rprop", {"size", "gradient"}, attrs, 1};
}
Spec spec_optimizer(const char* who, const Lamb& o) {
  return {.op = "lamb", .slots = {"m", "v"}, .attrs = betas_and_eps(who, o), .by_parameter = true};
}

Spec spec_optimizer(const char* who, const Adafactor& o) {
  require(o.exponent <= 0, ErrorCode::invalid_argument, who, ": exponent ", o.exponent, " is above 0");
  require_positive_optimizer(who, "eps", o.eps);
  require_not_negative(who, "least_scale", o.least_scale);
  require_positive_optimizer(who, "clip_threshold", o.clip_threshold);
  return {.op = "adafactor_update", .slots = {}, .attrs = kPlain, .adafactor = o};
}

constexpr bool is_decoupled(const AdamW&) { return true; }
constexpr bool is_decoupled(const Lion&) { return true; }
constexpr bool is_decoupled(const NAdam& o) { return o.decoupled; }
constexpr bool is_decoupled(const RAdam& o) { return o.decoupled; }
template <typename O>
constexpr bool is_decoupled(const O&) {
  return false;
}

void require_rates(const char* who, float lr, float weight_decay) {
  require_not_negative(who, "lr", lr);
  require_not_negative(who, "weight_decay", weight_decay);
}

template <typename O>
Spec whole_spec(const char* who, const O& o) {
  require_rates(who, o.lr, o.weight_decay);
  Spec made = spec_optimizer(who, o);
  made.attrs.lr = o.lr;
  made.attrs.weight_decay = o.weight_decay;
  made.attrs.decoupled = is_decoupled(o);
  return made;
}

Spec whole_spec(const char* who, const Muon& o) {
  require_rates(who, o.lr, o.weight_decay);
  require_fraction(who, "momentum", o.momentum);
  require(o.iterations >= 1, ErrorCode::invalid_argument, who, ": iterations ", o.iterations, " is below 1");
  require(!o.adamw.amsgrad, ErrorCode::invalid_argument, who, ": its adamw has no amsgrad");
  Spec made = whole_spec("muon: adamw", o.adamw);
  made.muon = o;
  return made;
}

}  // namespace

std::string name_of(const Optimizer& optimizer) {
  return std::visit([](const auto& o) { return o.kKind; }, optimizer);
}

std::span<const Maker<Optimizer>> optimizer_makers() {
  return makers_of<Optimizer>(types_of(std::type_identity<Optimizer>{}));
}

Optimizer optimizer_from_name(const std::string& name, const Attrs& options) {
  return find_maker(optimizer_makers(), name, "optimizer").make(options);
}

float learning_rate(const Optimizer& optimizer) {
  return std::visit([](const auto& o) { return o.lr; }, optimizer);
}
void set_learning_rate(Optimizer& optimizer, float lr) {
  if (auto* muon = std::get_if<Muon>(&optimizer); muon && muon->lr > 0) muon->adamw.lr *= lr / muon->lr;
  std::visit([lr](auto& o) { o.lr = lr; }, optimizer);
}

Spec spec_of(const Optimizer& optimizer) {
  return std::visit([](const auto& o) { return whole_spec(o.kKind, o); }, optimizer);
}

AdvanceOptions advance_options(const Optimizer& optimizer, AdvanceOptions options) {
  const OptimizerAttrs attrs = spec_of(optimizer).attrs;
  options.beta1 = attrs.beta1;
  options.beta2 = attrs.beta2;
  options.momentum_decay = attrs.momentum_decay;
  options.base_lr = learning_rate(optimizer);
  return options;
}

}  // namespace lemnos::optim
