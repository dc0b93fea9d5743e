// y = f(x), elementwise, for the functions numbered in shaders/unary.h; dx = dy * f'(s), where s is y or x, whichever
// makes f' simpler (src/reference/unary.cpp says which, and holds every formula).

#include "reference/unary.h"

#include <string_view>

#include "lemnos/ops.h"
#include "ops/lowering.h"
#include "shaders/unary.h"

namespace lemnos::ops {
namespace {

std::vector<TensorDesc> infer(const Infer& in) {
  require_inputs(in, 1);
  require_float(in, 0);
  return {in.in[0]};
}

std::vector<TensorDesc> infer_backward(const Infer& in) {
  require_inputs(in, 2);
  require_same(in, 0, 1);
  return {in.in[0]};
}

int64_t number_of(std::string_view name) {
  const auto functions = reference::unary_functions();
  for (size_t i = 0; i < functions.size(); ++i)
    if (name == functions[i].name) return static_cast<int64_t>(i);
  fail(ErrorCode::internal, name, ": no such function of one operand");
}

std::vector<Dispatch> lower_as(Lower& c, const char* stem, int64_t function, std::vector<TensorRef> tensors) {
  using namespace shaders;
  const UnarySpec spec{.workgroup_size = 64, .function = static_cast<uint32_t>(function)};
  const uint32_t count = count32(c.out(), c.node().op->name);
  const UnaryParams params{count, static_cast<float>(c.attrs().real("a")), static_cast<float>(c.attrs().real("b"))};
  return {{.kernel = &c.kernel(kernel_name(stem, c.out().dtype, c.caps)),
           .tensors = std::move(tensors),
           .spec = spec,
           .params = params,
           .groups = divide_up(divide_up(count, 4), spec.workgroup_size),
           .cost = {(c.inputs() + 1) * c.out().bytes(), 4ull * count}}};
}

std::vector<Dispatch> lower(Lower& c) { return lower_as(c, "unary", number_of(c.node().op->name), {c.x(0), c.y()}); }
std::vector<Dispatch> lower_backward(Lower& c) {
  return lower_as(c, "unary_backward", c.attrs().integer("function"), {c.x(0), c.x(1), c.y()});
}

std::vector<Value> grad(Grad& g);
std::vector<Value> grad_backward(Grad& g);

using Kind = AttrDef::Kind;
constexpr AttrDef kNoParameters[] = {{"a", Kind::real, 0}, {"b", Kind::real, 0}};
constexpr AttrDef kLeaky[] = {{"a", Kind::real, 0.01}, {"b", Kind::real, 0}};
constexpr AttrDef kOne[] = {{"a", Kind::real, 1}, {"b", Kind::real, 0}};
constexpr AttrDef kBackward[] = {{"function", Kind::integer, 0, "", true}, {"a", Kind::real, 0}, {"b", Kind::real, 0}};
constexpr Alias kInplace[] = {{0, 0}};
constexpr Alias kInplaceBackward[] = {{0, 1}};

constexpr OpDef define(const char* name, std::span<const AttrDef> attrs = kNoParameters) {
  return {name, infer, grad, lower, reference::unary, attrs, {}, {}, {}, kInplace, nullptr, rows_of_output};
}

const OpDef kOps[] = {
    define("identity"),
    define("relu"),
    define("leaky_relu", kLeaky),
    define("elu", kOne),
    define("selu"),
    define("celu", kOne),
    define("gelu"),
    define("gelu_tanh"),
    define("silu"),
    define("mish"),
    define("sigmoid"),
    define("hard_sigmoid"),
    define("tanh"),
    define("softplus", kOne),
    define("softsign"),
    define("negate"),
    define("abs"),
    define("square"),
    define("sqrt"),
    define("rsqrt"),
    define("exp"),
    define("log"),
    define("clamp"),
    define("reciprocal"),
    define("affine", kOne),
    define("log1p"),
    define("hard_swish"),
    {"unary_backward",
     infer_backward,
     grad_backward,
     lower_backward,
     reference::unary_backward,
     kBackward,
     {},
     {},
     {},
     kInplaceBackward,
     nullptr,
     rows_of_output},
};
const OpDef& kUnaryBackward = kOps[std::size(kOps) - 1];

std::vector<Value> grad(Grad& g) {
  const int64_t function = number_of(g.self().op->name);
  const bool of_output = reference::unary_functions()[static_cast<size_t>(function)].slope_of_output;
  const Value saved = of_output ? g.out() : g.in(0);
  return {g.graph.add(kUnaryBackward, {saved, g.dy()},
                      {{"function", function}, {"a", g.attrs().real("a")}, {"b", g.attrs().real("b")}})};
}

// Linear in dy.
std::vector<Value> grad_backward(Grad& g) {
  require(!g.needs(0), ErrorCode::unsupported, "unary_backward: has no gradient for what forward saved");
  return {Value(), g.graph.add(kUnaryBackward, {g.in(0), g.dy()}, g.attrs())};
}

}  // namespace

std::span<const OpDef> unary_ops() { return kOps; }

namespace {
Value apply(int function, Value x) { return x.graph().add(kOps[function], {x}); }
Value apply(int function, Value x, double a, double b = 0) {
  return x.graph().add(kOps[function], {x}, {{"a", a}, {"b", b}});
}
}  // namespace
}  // namespace lemnos::ops

namespace lemnos {
using ops::apply;
Value relu(Value x) { return apply(UNARY_RELU, x); }
Value leaky_relu(Value x, float slope) { return apply(UNARY_LEAKY_RELU, x, slope); }
Value elu(Value x, float alpha) { return apply(UNARY_ELU, x, alpha); }
Value selu(Value x) { return apply(UNARY_SELU, x); }
Value celu(Value x, float alpha) { return apply(UNARY_CELU, x, alpha); }
Value gelu(Value x, GeluForm form) { return apply(form == GeluForm::erf ? UNARY_GELU : UNARY_GELU_TANH, x); }
Value silu(Value x) { return apply(UNARY_SILU, x); }
Value mish(Value x) { return apply(UNARY_MISH, x); }
Value sigmoid(Value x) { return apply(UNARY_SIGMOID, x); }
Value hard_sigmoid(Value x) { return apply(UNARY_HARD_SIGMOID, x); }
Value hard_swish(Value x) { return apply(UNARY_HARD_SWISH, x); }
Value tanh(Value x) { return apply(UNARY_TANH, x); }
Value softplus(Value x, float beta) { return apply(UNARY_SOFTPLUS, x, beta); }
Value softsign(Value x) { return apply(UNARY_SOFTSIGN, x); }
Value negate(Value x) { return apply(UNARY_NEGATE, x); }
Value abs(Value x) { return apply(UNARY_ABS, x); }
Value square(Value x) { return apply(UNARY_SQUARE, x); }
Value sqrt(Value x) { return apply(UNARY_SQRT, x); }
Value rsqrt(Value x) { return apply(UNARY_RSQRT, x); }
Value exp(Value x) { return apply(UNARY_EXP, x); }
Value log(Value x) { return apply(UNARY_LOG, x); }
Value log1p(Value x) { return apply(UNARY_LOG1P, x); }
Value reciprocal(Value x) { return apply(UNARY_RECIPROCAL, x); }
Value clamp(Value x, float low, float high) {
  require(low <= high, ErrorCode::invalid_argument, "clamp: low ", low, " is above high ", high);
  return apply(UNARY_CLAMP, x, low, high);
}
Value affine(Value x, float scale, float shift) { return apply(UNARY_AFFINE, x, scale, shift); }
Value identity(Value x) { return apply(UNARY_IDENTITY, x); }
}  // namespace lemnos
