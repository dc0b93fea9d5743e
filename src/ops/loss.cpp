// loss = reduce over elements of l(p, t), and with the same pass dp = scale dl/dp, for the functions numbered in
// shaders/loss.h (formulas in src/reference/loss.cpp).

#include "shaders/loss.h"

#include "lemnos/ops.h"
#include "ops/lowering.h"
#include "ops/reduction.h"
#include "reference/loss.h"

namespace lemnos::ops {
namespace {

std::vector<TensorDesc> infer_loss(const Infer& in) {
  require_inputs(in, 2);
  require_dtype(in, 0, DType::f32);
  require_same(in, 0, 1);
  require(in.in[0].elements() >= 1, ErrorCode::invalid_argument, in.op.name, ": ", in.in[0], " has no elements");
  const bool none = reduction_of(in.attrs<LossAttrs>().reduction, in.op.name) == Reduction::none;
  return {none ? in.in[0] : TensorDesc{Shape{}, DType::f32}, in.in[0]};
}

uint32_t loss_number(std::string_view name) {
  const auto functions = reference::loss_functions();
  for (size_t i = 0; i < functions.size(); ++i)
    if (name == functions[i].name) return static_cast<uint32_t>(i);
  fail(ErrorCode::internal, name, ": no such loss");
}

std::vector<Dispatch> lower_loss(Lower& c) {
  const auto attrs = c.attrs<LossAttrs>();
  using namespace shaders;
  const char* name = c.node().op->name;
  const Reduction reduction = reduction_of(attrs.reduction, name);
  const bool reduced = reduction != Reduction::none;
  const uint32_t count = count32(c.in(0), name);
  const LossSpec spec{.workgroup_size = 64, .function = loss_number(name), .reduced = reduced};
  // A small loss is one launch of one workgroup; a large one leaves a sum per workgroup.
  const uint32_t per_group = count <= 8192 ? static_cast<uint32_t>(divide_up(count, 4)) * 4 : 4096;
  const uint32_t groups = static_cast<uint32_t>(divide_up(count, per_group));
  const TensorRef sums = reduced && groups > 1 ? c.scratch(4ull * groups) : c.y(0);
  std::vector<Dispatch> list = {
      {.kernel = &c.kernel("loss." + std::string(c.variant())),
       .tensors = {c.x(0), c.x(1), sums, c.y(1)},
       .spec = spec,
       .params = LossParams{.count = count,
                            .per_group = per_group,
                            .scale = reduction == Reduction::mean ? 1.0f / static_cast<float>(count) : 1.0f,
                            .a = static_cast<float>(attrs.a),
                            .b = static_cast<float>(attrs.b)},
       .groups = groups,
       .cost = {3 * c.in(0).bytes() + c.out().bytes(), 8ull * count}}};
  if (groups > 1 && reduced) list.push_back(sum_partials(c, sums, c.y(0), groups));
  return list;
}

std::vector<Value> grad_loss(Grad& g) {
  const char* name = g.self().op->name;
  const bool antisymmetric = reference::loss_functions()[loss_number(name)].antisymmetric;
  require(!g.needs(1) || antisymmetric, ErrorCode::unsupported, name,
          ": its target has no gradient, only its prediction");
  const Value dp = is_one(g.dy()) ? g.out(1) : multiply(g.out(1), g.dy());
  return {dp, g.needs(1) ? negate(dp) : Value()};
}

// Second derivatives
// ---------------------------------------------------------------------------------------------------

// l(p, t) in ops that have gradients, up to what does not depend on p.
Value composed_loss(uint32_t function, Value p, Value t, float a, float b) {
  const auto huber = [&](Value u) {
    const Value within = clamp(u, -a, a);
    return within * (u - .5f * within);
  };
  switch (function) {
    case LOSS_MSE: return square(p - t);
    case LOSS_L1: return abs(p - t);
    case LOSS_HUBER: return huber(p - t);
    case LOSS_SMOOTH_L1: return huber(p - t) / a;
    case LOSS_LOG_COSH: return 2.0f * softplus(p - t, 2) - (p - t);
    case LOSS_BINARY_CROSS_ENTROPY: {  // a saturated p has no slope here instead of an infinite one
      const auto logarithm = [](Value v) { return log(clamp(v, 1e-12f, 1)); };
      return -(t * logarithm(p) + affine(t, -1, 1) * logarithm(affine(p, -1, 1)));
    }
    case LOSS_BINARY_CROSS_ENTROPY_WITH_LOGITS: return affine(t, -1, 1) * p + affine(t, a - 1, 1) * softplus(-p);
    case LOSS_KL_DIVERGENCE: return -(t * p);
    case LOSS_HINGE: return relu(affine(t * p, -1, 1));
    case LOSS_SQUARED_HINGE: return square(relu(affine(t * p, -1, 1)));
    case LOSS_POISSON_LOG: return exp(p) - t * p;
    case LOSS_POISSON: return p - t * log(p + 1e-8f);
    case LOSS_FOCAL: {
      const Value z = affine(t, 2, -1) * p, weight = affine(t, 2 * b - 1, 1 - b);
      return weight * exp(-a * softplus(z)) * softplus(-z);
    }
  }
  fail(ErrorCode::internal, "loss: no function ", function);
}

// Output 1 is the gradient of the loss for p.
Primal primal_loss(Graph& graph, const Node& node) {
  const Value p(&graph, node.inputs[0]), t(&graph, node.inputs[1]);
  const auto attrs = node.attrs.as<LossAttrs>();
  const Value losses =
      composed_loss(loss_number(node.op->name), p, t, static_cast<float>(attrs.a), static_cast<float>(attrs.b));
  const Value loss = reduced(losses, reduction_of(attrs.reduction, node.op->name));
  return {.y = {loss}, .dy = {full(graph, loss.shape(), 1)}, .x = {{}, p}};
}

// Functions whose parameters have other defaults.
struct LossOneAttrs : LossAttrs {
  LossOneAttrs() : LossAttrs{.a = 1} {}
};
struct FocalAttrs : LossAttrs {
  FocalAttrs() : LossAttrs{.a = 2, .b = .25} {}
};

constexpr OpDef define_loss(const char* name, AttrSchema attrs = attrs_of<LossAttrs>) {
  return {.name = name,
          .infer = infer_loss,
          .grad = grad_loss,
          .lower = lower_loss,
          .reference = reference::loss,
          .attrs = attrs,
          .variants = kRowVariants,
          .primal = primal_loss};
}

const OpDef kLossOps[] = {
    define_loss("mse_loss"),
    define_loss("l1_loss"),
    define_loss("huber_loss", attrs_of<LossOneAttrs>),
    define_loss("smooth_l1_loss", attrs_of<LossOneAttrs>),
    define_loss("log_cosh_loss"),
    define_loss("binary_cross_entropy"),
    define_loss("binary_cross_entropy_with_logits", attrs_of<LossOneAttrs>),
    define_loss("kl_divergence"),
    define_loss("hinge_loss"),
    define_loss("squared_hinge_loss"),
    define_loss("poisson_log_loss"),
    define_loss("poisson_loss"),
    define_loss("focal_loss", attrs_of<FocalAttrs>),
};

}  // namespace

std::span<const OpDef> loss_ops() { return kLossOps; }

Value add_loss(int function, Value p, Value t, Reduction reduction, double a = 0, double b = 0) {
  const Value inputs[] = {p, t};
  return p.graph().add_all(kLossOps[function], inputs, LossAttrs{.reduction = word_of(reduction), .a = a, .b = b})[0];
}

}  // namespace lemnos::ops

namespace lemnos {
std::span<const char* const> words_of(Reduction) {
  static constexpr const char* kWords[] = {"mean", "sum", "none"};
  return kWords;
}
using ops::add_loss;
Value mse_loss(Value p, Value t, Reduction reduction) { return add_loss(LOSS_MSE, p, t, reduction); }
Value l1_loss(Value p, Value t, Reduction reduction) { return add_loss(LOSS_L1, p, t, reduction); }
Value huber_loss(Value p, Value t, float delta, Reduction reduction) {
  require(delta > 0, ErrorCode::invalid_argument, "huber_loss: delta ", delta, " is not above 0");
  return add_loss(LOSS_HUBER, p, t, reduction, delta);
}
Value smooth_l1_loss(Value p, Value t, float beta, Reduction reduction) {
  require(beta > 0, ErrorCode::invalid_argument, "smooth_l1_loss: beta ", beta, " is not above 0");
  return add_loss(LOSS_SMOOTH_L1, p, t, reduction, beta);
}
Value log_cosh_loss(Value p, Value t, Reduction reduction) { return add_loss(LOSS_LOG_COSH, p, t, reduction); }
Value binary_cross_entropy(Value p, Value t, Reduction reduction) {
  return add_loss(LOSS_BINARY_CROSS_ENTROPY, p, t, reduction);
}
Value binary_cross_entropy_with_logits(Value p, Value t, float positive_weight, Reduction reduction) {
  return add_loss(LOSS_BINARY_CROSS_ENTROPY_WITH_LOGITS, p, t, reduction, positive_weight);
}
Value kl_divergence(Value p, Value t, Reduction reduction) { return add_loss(LOSS_KL_DIVERGENCE, p, t, reduction); }
Value hinge_loss(Value p, Value t, Reduction reduction) { return add_loss(LOSS_HINGE, p, t, reduction); }
Value squared_hinge_loss(Value p, Value t, Reduction reduction) {
  return add_loss(LOSS_SQUARED_HINGE, p, t, reduction);
}
Value poisson_loss(Value p, Value t, bool log_input, Reduction reduction) {
  return add_loss(log_input ? LOSS_POISSON_LOG : LOSS_POISSON, p, t, reduction);
}
Value focal_loss(Value p, Value t, float gamma, float alpha, Reduction reduction) {
  require(gamma >= 0, ErrorCode::invalid_argument, "focal_loss: gamma ", gamma, " is below 0");
  return add_loss(LOSS_FOCAL, p, t, reduction, gamma, alpha);
}
}  // namespace lemnos
