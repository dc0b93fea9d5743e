// Optimizers: one update of all parameters in one launch (Lamb and Muon in a few). Defaults and formulas follow
// PyTorch; where Keras differs the comment says so. g is the gradient, t the number of the update from 1, every
// operation elementwise.
//
//   lr in the formulas is the `lr` below times two factors of StepState: the schedule's and the host's.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "lemnos/graph.h"
#include "lemnos/ops.h"
#include "lemnos/schedule.h"
#include "lemnos/visibility.h"

LEMNOS_BEGIN_PUBLIC

namespace lemnos::optim {

/// buf = momentum buf + (1 - dampening) g, at t = 1 buf = g; p -= lr buf, with nesterov p -= lr (g + momentum buf).
/// (Keras keeps lr inside the buffer: equal until lr changes.)
struct Sgd {
  static constexpr const char* kKind = "sgd";
  float lr = .01f;
  float momentum = 0;
  float dampening = 0;
  float weight_decay = 0;  // L2: g += weight_decay p
  bool nesterov = false;

  void visit(auto&& f) {
    f("lr", lr), f("momentum", momentum), f("dampening", dampening), f("weight_decay", weight_decay),
        f("nesterov", nesterov);
  }
};

/// a += g^2; p -= lr / (1 + (t - 1) lr_decay) g / (sqrt(a) + eps). (Keras: a starts at .1, eps 1e-7 inside the root.)
struct Adagrad {
  static constexpr const char* kKind = "adagrad";
  float lr = .01f;
  float lr_decay = 0;
  float eps = 1e-10f;
  float initial = 0;       // start value of a
  float weight_decay = 0;  // L2

  void visit(auto&& f) {
    f("lr", lr), f("lr_decay", lr_decay), f("eps", eps), f("initial", initial), f("weight_decay", weight_decay);
  }
};

/// G = rho G + (1 - rho) g^2; d = sqrt(D + eps) / sqrt(G + eps) g; D = rho D + (1 - rho) d^2; p -= lr d.
struct Adadelta {
  static constexpr const char* kKind = "adadelta";
  float lr = 1;
  float rho = .9f;
  float eps = 1e-6f;
  float weight_decay = 0;  // L2

  void visit(auto&& f) { f("lr", lr), f("rho", rho), f("eps", eps), f("weight_decay", weight_decay); }
};

/// v = alpha v + (1 - alpha) g^2; buf = momentum buf + g / (sqrt(v) + eps); p -= lr buf. Centered: the root is of
/// v - avg^2, with avg = alpha avg + (1 - alpha) g. (Keras: alpha .9, eps 1e-7 inside the root.)
struct RmsProp {
  static constexpr const char* kKind = "rmsprop";
  float lr = .01f;
  float alpha = .99f;
  float eps = 1e-8f;
  float momentum = 0;
  bool centered = false;
  float weight_decay = 0;  // L2

  void visit(auto&& f) {
    f("lr", lr), f("alpha", alpha), f("eps", eps), f("momentum", momentum), f("centered", centered),
        f("weight_decay", weight_decay);
  }
};

/// m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2;
/// p -= lr / (1 - beta1^t) m / (sqrt(v) / sqrt(1 - beta2^t) + eps). amsgrad: the root is of the largest v so far.
/// (Keras: eps 1e-7, not corrected.)
struct Adam {
  static constexpr const char* kKind = "adam";
  float lr = 1e-3f;
  float beta1 = .9f;
  float beta2 = .999f;
  float eps = 1e-8f;
  float weight_decay = 0;  // L2: g += weight_decay p
  bool amsgrad = false;

  void visit(auto&& f) {
    f("lr", lr), f("beta1", beta1), f("beta2", beta2), f("eps", eps), f("weight_decay", weight_decay),
        f("amsgrad", amsgrad);
  }
};

/// p *= 1 - lr weight_decay, then Adam: weight decay that the second moment does not scale. (Keras: .004)
struct AdamW {
  static constexpr const char* kKind = "adamw";
  float lr = 1e-3f;
  float beta1 = .9f;
  float beta2 = .999f;
  float eps = 1e-8f;
  float weight_decay = .01f;
  bool amsgrad = false;

  void visit(auto&& f) {
    f("lr", lr), f("beta1", beta1), f("beta2", beta2), f("eps", eps), f("weight_decay", weight_decay),
        f("amsgrad", amsgrad);
  }
};

/// Adam with Nesterov's momentum: mu_t = beta1 (1 - .96^(t momentum_decay) / 2), M_t = mu_1 .. mu_t;
/// p -= lr ((1 - mu_t) / (1 - M_t) g + mu_{t+1} / (1 - M_{t+1}) m) / (sqrt(v / (1 - beta2^t)) + eps).
struct NAdam {
  static constexpr const char* kKind = "nadam";
  float lr = 2e-3f;
  float beta1 = .9f;
  float beta2 = .999f;
  float eps = 1e-8f;
  float momentum_decay = 4e-3f;
  float weight_decay = 0;  // L2
  bool decoupled = false;  // weight decay as AdamW's

  void visit(auto&& f) {
    f("lr", lr), f("beta1", beta1), f("beta2", beta2), f("eps", eps), f("momentum_decay", momentum_decay),
        f("weight_decay", weight_decay), f("decoupled", decoupled);
  }
};

/// u = max(beta2 u, |g| + eps); p -= lr / (1 - beta1^t) m / u.
struct Adamax {
  static constexpr const char* kKind = "adamax";
  float lr = 2e-3f;
  float beta1 = .9f;
  float beta2 = .999f;
  float eps = 1e-8f;
  float weight_decay = 0;  // L2

  void visit(auto&& f) {
    f("lr", lr), f("beta1", beta1), f("beta2", beta2), f("eps", eps), f("weight_decay", weight_decay);
  }
};

/// Adam whose step is rectified by the variance of the second moment; without rectification while that variance is not
/// tractable (Liu et al., 2020): rho = 2 / (1 - beta2) - 1, rho_t = rho - 2 t beta2^t / (1 - beta2^t), tractable past
/// 5.
struct RAdam {
  static constexpr const char* kKind = "radam";
  float lr = 1e-3f;
  float beta1 = .9f;
  float beta2 = .999f;
  float eps = 1e-8f;
  float weight_decay = 0;  // L2
  bool decoupled = false;  // weight decay as AdamW's

  void visit(auto&& f) {
    f("lr", lr), f("beta1", beta1), f("beta2", beta2), f("eps", eps), f("weight_decay", weight_decay),
        f("decoupled", decoupled);
  }
};

/// p *= 1 - lr weight_decay; p -= lr sign(beta1 m + (1 - beta1) g); m = beta2 m + (1 - beta2) g (Chen et al., 2023).
struct Lion {
  static constexpr const char* kKind = "lion";
  float lr = 1e-4f;
  float beta1 = .9f;
  float beta2 = .99f;
  float weight_decay = 0;  // decoupled

  void visit(auto&& f) { f("lr", lr), f("beta1", beta1), f("beta2", beta2), f("weight_decay", weight_decay); }
};

/// Averaged SGD (Polyak and Juditsky, 1992): eta = lr / (1 + lambda lr (t - 1))^power; p -= eta (lambda p + g);
/// average += (p - average) / max(1, t - 1 - start). The average is in the slot "asgd.average"; Trainer::averaged()
/// returns it.
struct Asgd {
  static constexpr const char* kKind = "asgd";
  float lr = .01f;
  float lambda = 1e-4f;
  float power = .75f;
  float start = 1e6f;      // updates before the average begins; until then it is p
  float weight_decay = 0;  // L2

  void visit(auto&& f) {
    f("lr", lr), f("lambda", lambda), f("power", power), f("start", start), f("weight_decay", weight_decay);
  }
};

/// For full-batch training (Riedmiller and Braun, 1993). Each element has a step size s, initially lr. If g keeps its
/// previous sign, s *= grow; if it changes, s *= shrink and g counts as 0; s stays within [least, most]; p -= s
/// sign(g). A schedule scales s, least and most.
struct Rprop {
  static constexpr const char* kKind = "rprop";
  float lr = .01f;
  float shrink = .5f;
  float grow = 1.2f;
  float least = 1e-6f;
  float most = 50;
  float weight_decay = 0;  // L2; PyTorch has none

  void visit(auto&& f) {
    f("lr", lr), f("shrink", shrink), f("grow", grow), f("least", least), f("most", most),
        f("weight_decay", weight_decay);
  }
};

/// Adam for large batches (You et al., 2020): u = m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + eps) + weight_decay p;
/// p -= lr |p| / |u| u, with norms over each parameter separately; the quotient is 1 if one of them is 0. Three
/// launches for any number of parameters.
struct Lamb {
  static constexpr const char* kKind = "lamb";
  float lr = 1e-3f;
  float beta1 = .9f;
  float beta2 = .999f;
  float eps = 1e-6f;
  float weight_decay = .01f;

  void visit(auto&& f) {
    f("lr", lr), f("beta1", beta1), f("beta2", beta2), f("eps", eps), f("weight_decay", weight_decay);
  }
};

/// Momentum with an orthogonalised direction, for the hidden weights of a network (Jordan et al., 2024): for each
/// matrix, m = momentum m + (1 - momentum) g and d = momentum m + (1 - momentum) g with nesterov, else m; then X = d /
/// |d|, and `iterations` times A = X X^T, X = 3.4445 X + (-4.7750 A + 2.0315 A^2) X, which moves every singular value
/// towards 1; p *= 1 - lr weight_decay; p -= lr sqrt(max(1, rows / columns)) X.
///
/// Matrices are the parameters of two axes or more, as [first, all others], that have more than one row and column and
/// are not named in `others`. All other parameters use `adamw`: biases, norms, and the names in `others`, where "*"
/// matches any characters. The authors name the embeddings and the last layer of a network there.
///
/// Launches: one for `adamw`, and 5 + 3 `iterations` for each shape of matrix, independent of the number of matrices.
/// Matrices of one shape are multiplied in one batch, which needs additional memory of three times their size.
struct Muon {
  static constexpr const char* kKind = "muon";
  float lr = .02f;
  float momentum = .95f;
  bool nesterov = true;
  int64_t iterations = 5;
  float weight_decay = 0;  // decoupled
  std::vector<std::string> others = {};
  AdamW adamw = {.lr = 3e-4f, .beta2 = .95f, .weight_decay = 0};

  void visit(auto&& f) {
    f("lr", lr), f("momentum", momentum), f("nesterov", nesterov), f("iterations", iterations),
        f("weight_decay", weight_decay), f("others", others), f("adamw_lr", adamw.lr),
        f("adamw_weight_decay", adamw.weight_decay), f("beta1", adamw.beta1), f("beta2", adamw.beta2),
        f("eps", adamw.eps);
  }
};

/// Adam's second moment alone, and of a matrix only the means of its rows and of its columns: what it keeps grows with
/// rows + columns (Shazeer and Stern, 2018; PyTorch's Adafactor). With w = t^exponent, over the last two axes:
///   r += w (mean of g^2 over columns - r); c += w (mean of g^2 over rows - c); v = r c / max(mean(r), eps).
/// A parameter of one axis keeps v += w (g^2 - v). Then, with rms(x) = sqrt(mean(x^2)) over the parameter,
///   x = g / sqrt(max(v, eps^2)); p *= 1 - lr weight_decay;
///   p -= min(lr, 1 / sqrt(t)) max(rms(p), least_scale) x / max(1, rms(x) / clip_threshold).
/// About twenty launches for each parameter.
struct Adafactor {
  static constexpr const char* kKind = "adafactor";
  float lr = .01f;
  float exponent = -.8f;
  float eps = 0x1p-23f;
  float least_scale = 1e-3f;
  float clip_threshold = 1;
  float weight_decay = 0;

  void visit(auto&& f) {
    f("lr", lr), f("exponent", exponent), f("eps", eps), f("least_scale", least_scale),
        f("clip_threshold", clip_threshold), f("weight_decay", weight_decay);
  }
};

using Optimizer = std::variant<Sgd, Adagrad, Adadelta, RmsProp, Adam, AdamW, NAdam, Adamax, RAdam, Lion, Asgd, Rprop,
                               Lamb, Muon, Adafactor>;

std::string name_of(const Optimizer& optimizer);  // "sgd", "adamw", ...
/// The structs above, by their kind.
std::span<const Maker<Optimizer>> optimizer_makers();
/// Throws `not_found` with the kinds that exist.
Optimizer optimizer_from_name(const std::string& name, const Attrs& options = {});
float learning_rate(const Optimizer& optimizer);
/// Muon's `adamw` keeps its ratio to it.
void set_learning_rate(Optimizer& optimizer, float lr);

/// Parameters with another learning rate or weight decay than the rest.
struct Group {
  std::vector<Value> parameters;
  float lr_scale = 1;            // 0: frozen, including their optimizer slots
  float weight_decay_scale = 1;  // 0: no weight decay, as for biases and norms
};

/// For a loss that was seeded with loss_scale(state, initial): gradients are divided by the scale. A step is skipped
/// (and counted in the state) if its gradient is not finite or its squared norm (after clip_norm) overflows; the scale
/// then decreases. After `interval` good steps it increases. It stays between `least` and 2^100. A step that is skipped
/// at `least` is counted too, and a Trainer throws, because a smaller scale cannot help there.
struct LossScale {
  float initial = 65536;
  float growth = 2;
  float backoff = .5f;
  int64_t interval = 2000;  // 0: the scale never increases
  float least = 0x1p-14f;   // the smallest normal number of f16
};

/// What an update does beside the optimizer's formula.
struct UpdateOptions {
  /// The parameters that this optimizer updates; empty: every parameter of the graph. A parameter without a gradient
  /// does not change, nor do its slots: it does not decay.
  std::vector<Value> parameters = {};
  /// Several optimizers in one graph, or in several graphs on one state, each have a name, and with it their own count
  /// of updates, bias correction, learning rate factor and loss scale: clock(graph, name). Optimizers of one kind share
  /// the slot arenas, because each updates different parameters.
  std::string name = {};
  /// The parameters for clip_norm and loss_scale; empty: those that the optimizer updates.
  std::vector<Value> norm_of = {};
  std::vector<Group> groups = {};
  float clip_value = 0;  // each element of the gradient is clamped to +-clip_value; 0: off
  /// All gradients are multiplied by min(1, clip_norm / (norm + 1e-6)), norm the L2 norm over all parameters; 0: off.
  /// With it, a step is skipped if its gradient is not finite or its norm overflows.
  float clip_norm = 0;
  std::optional<LossScale> loss_scale;
  std::optional<Schedule> schedule;
};

/// Adds the nodes of an update: the schedule and the gradient norm if requested, the optimizer's slots (named "adam.m",
/// "adam.v", ...) and the node that updates its parameters from the gradient arena (filled by place_gradients), in
/// place at the end of a step. Returns the new flat parameters. Uses clock(graph, options.name), which the caller must
/// advance (advance_step, finish_step). Throws `invalid_argument` for options out of range, for a parameter that
/// another optimizer of the graph updates, or after the step was closed (finish_step).
Value apply(Graph& graph, const Optimizer& optimizer, const UpdateOptions& options = {});

/// Computes the gradients of the scalar `loss` for options.parameters, places and applies them: one call for each loss
/// and its optimizer. Returns the targets of the step: the new parameters, and for a named optimizer its advanced
/// clock; without a name the caller closes the step.
std::vector<Value> minimize(Value loss, const Optimizer& optimizer, UpdateOptions options = {});

/// The StepState of the optimizer of that name: "step_state.<name>", or step_state(graph) without a name.
Value clock(Graph& graph, const std::string& name = {});

/// Options for advance_step and finish_step: fills in the optimizer's beta1, beta2, momentum_decay and base_lr.
AdvanceOptions advance_options(const Optimizer& optimizer, AdvanceOptions options = {});

/// Exponential moving average of all parameters, in the slot "average": the parameters after the first update, then
/// decay average + (1 - decay) p. Call it after `apply`; `parameters` is the result of `apply`. Returns the new
/// average.
Value average_parameters(Graph& graph, Value parameters, float decay = .999f);

/// Rows of `parameter` [R, ..] (one for each output of a Linear or a convolution) whose norm exceeds `max` are scaled
/// to it, as Keras's MaxNorm does. Call it after `apply`. Returns the new parameter.
Value constrain_max_norm(Value parameter, float max = 2);

}  // namespace lemnos::optim

LEMNOS_END_PUBLIC
