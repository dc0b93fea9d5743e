// y = f(x), elementwise, for the functions numbered in shaders/unary.h; dx = dy * f'(s), where s is y or x, whichever
// makes f' simpler (src/reference/unary.cpp says which, and holds every formula).

#include "reference/unary.h"

#include <string_view>

#include "lemnos/ops.h"
#include "ops/lowering.h"
#include "shaders/unary.h"

namespace lemnos::ops {
namespace {

std::vector<TensorDesc> infer_unary(const Infer& in) {
  require_inputs(in, 1);
  require_float(in, 0);
  return {in.in[0]};
}

std::vector<TensorDesc> infer_unary_backward(const Infer& in) {
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

std::vector<Dispatch> lower_as_unary(Lower& c, const char* stem, int64_t function, std::vector<TensorRef> tensors) {
  const auto attrs = c.attrs<UnaryAttrs>();
  using namespace shaders;
  const UnarySpec spec{.workgroup_size = 64, .function = static_cast<uint32_t>(function)};
  const uint32_t count = count32(c.out(), c.node().op->name);
  const UnaryParams params{count, static_cast<float>(attrs.a), static_cast<float>(attrs.b)};
  const char* functions = function < UNARY_EPILOGUES ? ".epilogue" : ".elementary";
  return {{.kernel = &c.kernel(kernel_name(stem, c.out().dtype, c.caps) + functions),
           .tensors = std::move(tensors),
           .spec = spec,
           .params = params,
           .groups = divide_up(divide_up(count, 4), spec.workgroup_size),
           .cost = {(c.inputs() + 1) * c.out().bytes(), 4ull * count}}};
}

std::vector<Dispatch> lower_unary(Lower& c) {
  return lower_as_unary(c, "unary", number_of(c.node().op->name), {c.x(0), c.y()});
}
std::vector<Dispatch> lower_unary_backward(Lower& c) {
  return lower_as_unary(c, "unary_backward", c.attrs<UnaryBackwardAttrs>().function, {c.x(0), c.x(1), c.y()});
}

std::vector<Value> grad_unary(Grad& g);
std::vector<Value> grad_unary_backward(Grad& g);

constexpr Alias kUnaryInplace[] = {{0, 0}};
constexpr Alias kInplaceBackward[] = {{0, 1}};

// Functions whose first parameter has another default.
struct LeakyAttrs : UnaryAttrs {
  LeakyAttrs() : UnaryAttrs{.a = .01} {}
};
struct UnaryOneAttrs : UnaryAttrs {
  UnaryOneAttrs() : UnaryAttrs{.a = 1} {}
};

constexpr OpDef define_unary(const char* name, AttrSchema attrs = attrs_of<UnaryAttrs>) {
  return {name, infer_unary, grad_unary, lower_unary,   reference::unary, attrs,
          {},   {},          {},         kUnaryInplace, nullptr,          rows_of_output};
}

// Flat in pieces: nothing flows back through it.
std::vector<Value> no_unary_grad(Grad&) { return {}; }
constexpr OpDef define_flat(const char* name) {
  OpDef made = define_unary(name);
  made.grad = no_unary_grad;
  return made;
}

const OpDef kUnaryOps[] = {
    define_unary("identity"),
    define_unary("relu"),
    define_unary("leaky_relu", attrs_of<LeakyAttrs>),
    define_unary("elu", attrs_of<UnaryOneAttrs>),
    define_unary("selu"),
    define_unary("celu", attrs_of<UnaryOneAttrs>),
    define_unary("gelu"),
    define_unary("gelu_tanh"),
    define_unary("silu"),
    define_unary("mish"),
    define_unary("sigmoid"),
    define_unary("hard_sigmoid"),
    define_unary("tanh"),
    define_unary("softplus", attrs_of<UnaryOneAttrs>),
    define_unary("softsign"),
    define_unary("negate"),
    define_unary("abs"),
    define_unary("square"),
    define_unary("sqrt"),
    define_unary("rsqrt"),
    define_unary("exp"),
    define_unary("log"),
    define_unary("clamp"),
    define_unary("reciprocal"),
    define_unary("affine", attrs_of<UnaryOneAttrs>),
    define_unary("log1p"),
    define_unary("hard_swish"),
    define_unary("sin"),
    define_unary("cos"),
    define_unary("tan"),
    define_unary("asin"),
    define_unary("acos"),
    define_unary("atan"),
    define_unary("sinh"),
    define_unary("cosh"),
    define_unary("asinh"),
    define_unary("acosh"),
    define_unary("atanh"),
    define_unary("erf"),
    define_unary("erfc"),
    define_unary("exp2"),
    define_unary("expm1"),
    define_unary("log2"),
    define_unary("log10"),
    define_flat("sign"),
    define_flat("floor"),
    define_flat("ceil"),
    define_flat("round"),
    define_flat("trunc"),
    define_unary("erfinv"),
    {"unary_backward",
     infer_unary_backward,
     grad_unary_backward,
     lower_unary_backward,
     reference::unary_backward,
     attrs_of<UnaryBackwardAttrs>,
     {},
     {},
     {},
     kInplaceBackward,
     nullptr,
     rows_of_output},
};
const OpDef& kUnaryBackward = kUnaryOps[std::size(kUnaryOps) - 1];

std::vector<Value> grad_unary(Grad& g) {
  const auto attrs = g.attrs<UnaryAttrs>();
  const int64_t function = number_of(g.self().op->name);
  const bool of_output = reference::unary_functions()[static_cast<size_t>(function)].slope_of_output;
  const Value saved = of_output ? g.out() : g.in(0);
  return {g.graph.add(kUnaryBackward, {saved, g.dy()},
                      UnaryBackwardAttrs{.function = function, .a = attrs.a, .b = attrs.b})};
}

// Second derivatives
// ---------------------------------------------------------------------------------------------------

// 1 / (2 pi)^(1/2) and (8 / pi)^(1/2), of the two forms of GELU.
constexpr float kPeak = .3989422804f, kGate = 1.5957691216f;

// Of a sigmoid at z. Its value g would do, as g (1 - g), but where g is near 1 the rounding of g is all that is left of
// 1 - g, and what comes beside it is large there.
Value slope_of_sigmoid(Value z) { return sigmoid(z) * sigmoid(-z); }

Value curve_of_gelu_tanh(Value x) {
  const Value squared = square(x), z = x * affine(squared, .044715f * kGate, kGate), gate = sigmoid(z);
  const Value rise = affine(squared, 3 * .044715f * kGate, kGate);  // of what the gate is taken of
  const Value of_gate = affine(rise, 2, 0) + x * (affine(gate, -2, 1) * square(rise) + 6 * .044715f * kGate * x);
  return slope_of_sigmoid(z) * of_gate;
}

Value curve_of_mish(Value x) {
  const Value t = tanh(softplus(x)), gate = sigmoid(x), room = affine(square(t), -1, 1), rise = room * gate;
  return affine(rise, 2, 0) + x * (room * slope_of_sigmoid(x) - 2.0f * (t * rise * gate));
}

Value curve_of_silu(Value x) {
  const Value gate = sigmoid(x);
  return slope_of_sigmoid(x) * affine(x * affine(gate, -2, 1), 1, 2);
}

constexpr float kErfCurve = 2.2567583342f;  // 4 / pi^(1/2)
Value cube(Value x) { return x * square(x); }
Value number(Value like, float value) { return full(like.graph(), Shape{}, value, like.dtype()); }
Value where_negative(Value x, Value v) { return v * less(x, number(x, 0)); }
Value not_above_zero(Value x) { return minimum(x, number(x, 0)); }  // what exp takes without overflow

// What f'(s) changes by with s, built from ops that have a gradient themselves; no value where f' is constant in
// pieces.
Value curve(int64_t function, Value s, float a) {
  switch (function) {
    case UNARY_ELU: return where_negative(s, affine(exp(not_above_zero(s)), a, 0));
    case UNARY_SELU:
      return where_negative(s, affine(exp(not_above_zero(s)), 1.0507009873554805f * 1.6732632423543772f, 0));
    case UNARY_CELU: return where_negative(s, affine(exp(not_above_zero(s / a)), 1 / a, 0));
    case UNARY_GELU: return exp(-.5f * square(s)) * affine(square(s), -kPeak, 2 * kPeak);
    case UNARY_GELU_TANH: return curve_of_gelu_tanh(s);
    case UNARY_SILU: return curve_of_silu(s);
    case UNARY_MISH: return curve_of_mish(s);
    case UNARY_SIGMOID: return affine(s, -2, 1);
    case UNARY_TANH: return affine(s, -2, 0);
    case UNARY_SOFTPLUS: return a * slope_of_sigmoid(a * s);
    case UNARY_SOFTSIGN: {
      const Value r = reciprocal(affine(abs(s), 1, 1));
      return affine(sign(s), -2, 0) * (r * square(r));
    }
    case UNARY_SQUARE: return number(s, 2);
    case UNARY_SQRT: return -.5f * square(reciprocal(s));
    case UNARY_RSQRT: return -1.5f * square(s);
    case UNARY_EXP: return number(s, 1);
    case UNARY_LOG: return -square(reciprocal(s));
    case UNARY_LOG1P: return -square(reciprocal(affine(s, 1, 1)));
    case UNARY_RECIPROCAL: return affine(s, -2, 0);
    case UNARY_SIN: return -sin(s);
    case UNARY_COS: return -cos(s);
    case UNARY_TAN: return affine(s, 2, 0);
    case UNARY_ASIN: return s * cube(rsqrt(affine(square(s), -1, 1)));
    case UNARY_ACOS: return -(s * cube(rsqrt(affine(square(s), -1, 1))));
    case UNARY_ATAN: return -2.0f * (s * square(reciprocal(affine(square(s), 1, 1))));
    case UNARY_SINH: return sinh(s);
    case UNARY_COSH: return cosh(s);
    case UNARY_ASINH: return -(s * cube(rsqrt(affine(square(s), 1, 1))));
    case UNARY_ACOSH: return -(s * cube(rsqrt(affine(square(s), 1, -1))));
    case UNARY_ATANH: return 2.0f * (s * square(reciprocal(affine(square(s), -1, 1))));
    case UNARY_ERF: return -kErfCurve * (s * exp(-square(s)));
    case UNARY_ERFC: return kErfCurve * (s * exp(-square(s)));
    case UNARY_ERFINV: {
      const Value y = erfinv(s);
      return 1.5707963268f * (y * exp(2.0f * square(y)));
    }
    case UNARY_EXP2: return number(s, .6931471806f);
    case UNARY_EXPM1: return exp(s);
    case UNARY_LOG2: return -1.4426950409f * square(reciprocal(s));
    case UNARY_LOG10: return -.4342944819f * square(reciprocal(s));
    case UNARY_HARD_SWISH: return affine(cast(less(abs(s), 3), s.dtype()), 1.0f / 3, 0);
    default: return {};
  }
}

// dx = dy f'(s): linear in dy, and in s by the curve of f.
std::vector<Value> grad_unary_backward(Grad& g) {
  const auto attrs = g.attrs<UnaryBackwardAttrs>();
  const Value s = g.in(0), dy = g.in(1);
  std::vector<Value> found(2);
  if (g.needs(1)) found[1] = g.graph.add(kUnaryBackward, {s, g.dy()}, attrs);
  if (!g.needs(0)) return found;
  const Value bent = curve(attrs.function, s, static_cast<float>(attrs.a));
  if (bent) found[0] = g.dy() * dy * bent;
  return found;
}

}  // namespace

std::span<const OpDef> unary_ops() { return kUnaryOps; }

namespace {
Value apply_unary(int function, Value x) { return x.graph().add(kUnaryOps[function], {x}); }
Value apply_unary(int function, Value x, double a, double b = 0) {
  return x.graph().add(kUnaryOps[function], {x}, UnaryAttrs{.a = a, .b = b});
}
}  // namespace
}  // namespace lemnos::ops

namespace lemnos {
std::span<const char* const> words_of(GeluForm) {
  static constexpr const char* kWords[] = {"erf", "tanh"};
  return kWords;
}
using ops::apply_unary;
Value relu(Value x) { return apply_unary(UNARY_RELU, x); }
Value leaky_relu(Value x, float slope) { return apply_unary(UNARY_LEAKY_RELU, x, slope); }
Value elu(Value x, float alpha) { return apply_unary(UNARY_ELU, x, alpha); }
Value selu(Value x) { return apply_unary(UNARY_SELU, x); }
Value celu(Value x, float alpha) { return apply_unary(UNARY_CELU, x, alpha); }
Value gelu(Value x, GeluForm form) { return apply_unary(form == GeluForm::erf ? UNARY_GELU : UNARY_GELU_TANH, x); }
Value silu(Value x) { return apply_unary(UNARY_SILU, x); }
Value mish(Value x) { return apply_unary(UNARY_MISH, x); }
Value sigmoid(Value x) { return apply_unary(UNARY_SIGMOID, x); }
Value hard_sigmoid(Value x) { return apply_unary(UNARY_HARD_SIGMOID, x); }
Value hard_swish(Value x) { return apply_unary(UNARY_HARD_SWISH, x); }
Value tanh(Value x) { return apply_unary(UNARY_TANH, x); }
Value softplus(Value x, float beta) { return apply_unary(UNARY_SOFTPLUS, x, beta); }
Value softsign(Value x) { return apply_unary(UNARY_SOFTSIGN, x); }
Value negate(Value x) { return apply_unary(UNARY_NEGATE, x); }
Value abs(Value x) { return apply_unary(UNARY_ABS, x); }
Value square(Value x) { return apply_unary(UNARY_SQUARE, x); }
Value sqrt(Value x) { return apply_unary(UNARY_SQRT, x); }
Value rsqrt(Value x) { return apply_unary(UNARY_RSQRT, x); }
Value exp(Value x) { return apply_unary(UNARY_EXP, x); }
Value log(Value x) { return apply_unary(UNARY_LOG, x); }
Value log1p(Value x) { return apply_unary(UNARY_LOG1P, x); }
Value reciprocal(Value x) { return apply_unary(UNARY_RECIPROCAL, x); }
Value clamp(Value x, float low, float high) {
  require(low <= high, ErrorCode::invalid_argument, "clamp: low ", low, " is above high ", high);
  return apply_unary(UNARY_CLAMP, x, low, high);
}
Value affine(Value x, float scale, float shift) { return apply_unary(UNARY_AFFINE, x, scale, shift); }
Value identity(Value x) { return apply_unary(UNARY_IDENTITY, x); }
Value sin(Value x) { return apply_unary(UNARY_SIN, x); }
Value cos(Value x) { return apply_unary(UNARY_COS, x); }
Value tan(Value x) { return apply_unary(UNARY_TAN, x); }
Value asin(Value x) { return apply_unary(UNARY_ASIN, x); }
Value acos(Value x) { return apply_unary(UNARY_ACOS, x); }
Value atan(Value x) { return apply_unary(UNARY_ATAN, x); }
Value sinh(Value x) { return apply_unary(UNARY_SINH, x); }
Value cosh(Value x) { return apply_unary(UNARY_COSH, x); }
Value asinh(Value x) { return apply_unary(UNARY_ASINH, x); }
Value acosh(Value x) { return apply_unary(UNARY_ACOSH, x); }
Value atanh(Value x) { return apply_unary(UNARY_ATANH, x); }
Value erf(Value x) { return apply_unary(UNARY_ERF, x); }
Value erfc(Value x) { return apply_unary(UNARY_ERFC, x); }
Value erfinv(Value x) { return apply_unary(UNARY_ERFINV, x); }
Value exp2(Value x) { return apply_unary(UNARY_EXP2, x); }
Value expm1(Value x) { return apply_unary(UNARY_EXPM1, x); }
Value log2(Value x) { return apply_unary(UNARY_LOG2, x); }
Value log10(Value x) { return apply_unary(UNARY_LOG10, x); }
Value sign(Value x) { return apply_unary(UNARY_SIGN, x); }
Value floor(Value x) { return apply_unary(UNARY_FLOOR, x); }
Value ceil(Value x) { return apply_unary(UNARY_CEIL, x); }
Value round(Value x) { return apply_unary(UNARY_ROUND, x); }
Value trunc(Value x) { return apply_unary(UNARY_TRUNC, x); }
}  // namespace lemnos
