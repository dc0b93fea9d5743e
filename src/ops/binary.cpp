// y = f(a, b), elementwise and broadcasting, for the functions numbered in shaders/binary.h. Gradients are built from
// public functions and summed over the axes along which an operand was stretched.

#include "shaders/binary.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "lemnos/ops.h"
#include "ops/broadcast.h"
#include "ops/formats.h"
#include "ops/lowering.h"
#include "reference/binary.h"

namespace lemnos::ops {
namespace {

int64_t binary_number(std::string_view name) {
  const auto functions = reference::binary_functions();
  for (size_t i = 0; i < functions.size(); ++i)
    if (name == functions[i].name) return static_cast<int64_t>(i);
  fail(ErrorCode::internal, name, ": no such function of two operands");
}

bool is_comparison(int64_t function) { return function >= BINARY_EQUAL && function <= BINARY_GREATER_EQUAL; }
// Of truth values there are "or", "and", and the order of false and true.
bool takes_booleans(int64_t function) {
  return is_comparison(function) || function == BINARY_ADD || function == BINARY_MULTIPLY ||
         function == BINARY_MINIMUM || function == BINARY_MAXIMUM;
}

// The type in which a and b meet: a boolean beside another type is 0 or 1 in that.
DType common_dtype(DType a, DType b) { return a == DType::boolean ? b : a; }

std::vector<TensorDesc> infer_binary(const Infer& in) {
  require_inputs(in, 2);
  const DType a = in.in[0].dtype, b = in.in[1].dtype, dtype = common_dtype(a, b);
  require(a == b || a == DType::boolean || b == DType::boolean, ErrorCode::invalid_argument, in.op.name, ": a is ",
          in.in[0], " but b is ", in.in[1], "; cast one of them");
  const int64_t function = binary_number(in.op.name);
  const bool real = reference::binary_functions()[static_cast<size_t>(function)].whole == nullptr;
  require(!real || is_floating(dtype), ErrorCode::invalid_argument, in.op.name, ": a and b are ", dtype,
          ", it takes f32, f16, bf16");
  require(dtype != DType::boolean || takes_booleans(function), ErrorCode::invalid_argument, in.op.name,
          ": a and b are bool; cast them");
  const Shape operands[] = {in.in[0].shape, in.in[1].shape}, out = broadcast(operands[0], operands[1], in.op.name);
  (void)fold_axes(out, operands, in.op.name);
  return {{out, is_comparison(function) ? DType::boolean : dtype}};
}

std::vector<Dispatch> lower_binary(Lower& c) {
  using namespace shaders;
  const char* who = c.node().op->name;
  const Shape operands[] = {c.in(0).shape, c.in(1).shape};
  const Walk walk = make_walk(fold_axes(c.out().shape, operands, who), 2, run_of(c.caps), who);
  const uint32_t count = count32(c.out(), who);
  const BinarySpec spec{.workgroup_size = 64,
                        .function = static_cast<uint32_t>(binary_number(who)),
                        .format = format_of(common_dtype(c.in(0).dtype, c.in(1).dtype)),
                        .rank = walk.rank,
                        .wide = walk.wide,
                        .inner_a = walk.inner[0],
                        .inner_b = walk.inner[1],
                        .run = walk.run,
                        .format_a = format_of(c.in(0).dtype),
                        .format_b = format_of(c.in(1).dtype),
                        .result_format = format_of(c.out().dtype)};
  BinaryParams params{.count = count, .shifts = walk.shifts};
  std::ranges::copy(walk.extent, params.extent);
  std::ranges::copy(walk.multiplier, params.multiplier);
  std::ranges::copy(walk.stride[0], params.stride_a);
  std::ranges::copy(walk.stride[1], params.stride_b);
  const bool arithmetic = spec.function < BINARY_ARITHMETIC;
  return {{.kernel = &c.kernel(arithmetic ? "binary.arithmetic" : "binary.elementary"),
           .tensors = {in_words(c.x(0)), in_words(c.x(1)), in_words(c.y())},
           .spec = spec,
           .params = params,
           .groups = divide_up(divide_up(count, 4 * walk.run), spec.workgroup_size),
           .cost = {c.in(0).bytes() + c.in(1).bytes() + c.out().bytes(), count}}};
}

std::vector<Value> grad_binary(Grad& g);
std::vector<Value> no_binary_grad(Grad&) { return {}; }

constexpr Alias kBinaryInplace[] = {{0, 0}, {0, 1}};
constexpr OpDef define_binary(const char* name) {
  return {name, infer_binary, grad_binary, lower_binary,   reference::binary, {},
          {},   {},           {},          kBinaryInplace, nullptr,           rows_of_output};
}
// A comparison is flat: nothing flows back through it.
constexpr OpDef define_comparison(const char* name) {
  return {name, infer_binary, no_binary_grad, lower_binary,  reference::binary, {}, {}, {},
          {},   {},           nullptr,        rows_of_output};
}

const OpDef kBinaryOps[] = {
    define_binary("add"),         define_binary("subtract"),
    define_binary("multiply"),    define_binary("divide"),
    define_binary("minimum"),     define_binary("maximum"),
    define_comparison("equal"),   define_comparison("not_equal"),
    define_comparison("less"),    define_comparison("less_equal"),
    define_comparison("greater"), define_comparison("greater_equal"),
    define_binary("pow"),         define_binary("fmod"),
    define_binary("remainder"),   define_binary("atan2"),
};

// The gradient of y with respect to a, times dy.
Value gradient_a(Grad& g, int64_t function) {
  const Value a = g.in(0), b = g.in(1), dy = g.dy();
  switch (function) {
    case BINARY_MULTIPLY: return dy * b;
    case BINARY_DIVIDE: return dy / b;
    case BINARY_MINIMUM: return dy * less_equal(a, b);
    case BINARY_MAXIMUM: return dy * greater_equal(a, b);
    case BINARY_ATAN2: return dy * b / (square(a) + square(b));
    case BINARY_POW: return where(b, dy * b * pow(a, b - 1.0f), zeros(g.graph, {}, a.dtype()));
    default: return dy;
  }
}

Value gradient_b(Grad& g, int64_t function) {
  const Value a = g.in(0), b = g.in(1), dy = g.dy();
  switch (function) {
    case BINARY_SUBTRACT: return -dy;
    case BINARY_FMOD: return -(dy * trunc(a / b));
    case BINARY_REMAINDER: return -(dy * floor(a / b));
    case BINARY_ATAN2: return -(dy * a / (square(a) + square(b)));
    case BINARY_MULTIPLY: return dy * a;
    case BINARY_DIVIDE: return -(dy * g.out() / b);
    case BINARY_MINIMUM: return dy * greater(a, b);
    case BINARY_MAXIMUM: return dy * less(a, b);
    // At a = 0 the logarithm is taken of the smallest number that the dtype holds, so that 0 * log(0) stays 0.
    case BINARY_POW: return dy * g.out() * log(clamp(a, a.dtype() == DType::f16 ? 6e-8f : 1.2e-38f, 3e38f));
    default: return dy;
  }
}

std::vector<Value> grad_binary(Grad& g) {
  const int64_t function = binary_number(g.self().op->name);
  std::vector<Value> gradients(2);
  if (g.needs(0)) gradients[0] = sum_to(gradient_a(g, function), g.in(0).shape());
  if (g.needs(1)) gradients[1] = sum_to(gradient_b(g, function), g.in(1).shape());
  return gradients;
}

}  // namespace

std::span<const OpDef> binary_ops() { return kBinaryOps; }

namespace {
Value apply_binary(int function, Value a, Value b) {
  require(a && b, ErrorCode::invalid_argument, kBinaryOps[function].name, ": an operand is empty");
  (void)broadcast(a.shape(), b.shape(), kBinaryOps[function].name);
  stretch_unwalkable(std::array{&a, &b});
  return a.graph().add(kBinaryOps[function], {a, b});
}
Value apply_binary(int function, Value a, float b) {
  require(static_cast<bool>(a), ErrorCode::invalid_argument, kBinaryOps[function].name, ": an operand is empty");
  return apply_binary(function, a, full(a.graph(), {}, b, a.dtype()));
}
}  // namespace
}  // namespace lemnos::ops

namespace lemnos {
using ops::apply_binary;
Value add(Value a, Value b) { return apply_binary(BINARY_ADD, a, b); }
Value subtract(Value a, Value b) { return apply_binary(BINARY_SUBTRACT, a, b); }
Value multiply(Value a, Value b) { return apply_binary(BINARY_MULTIPLY, a, b); }
Value divide(Value a, Value b) { return apply_binary(BINARY_DIVIDE, a, b); }
Value minimum(Value a, Value b) { return apply_binary(BINARY_MINIMUM, a, b); }
Value maximum(Value a, Value b) { return apply_binary(BINARY_MAXIMUM, a, b); }
Value pow(Value a, Value b) { return apply_binary(BINARY_POW, a, b); }
Value equal(Value a, Value b) { return apply_binary(BINARY_EQUAL, a, b); }
Value not_equal(Value a, Value b) { return apply_binary(BINARY_NOT_EQUAL, a, b); }
Value less(Value a, Value b) { return apply_binary(BINARY_LESS, a, b); }
Value less_equal(Value a, Value b) { return apply_binary(BINARY_LESS_EQUAL, a, b); }
Value greater(Value a, Value b) { return apply_binary(BINARY_GREATER, a, b); }
Value greater_equal(Value a, Value b) { return apply_binary(BINARY_GREATER_EQUAL, a, b); }
Value minimum(Value a, float b) { return apply_binary(BINARY_MINIMUM, a, b); }
Value maximum(Value a, float b) { return apply_binary(BINARY_MAXIMUM, a, b); }
Value pow(Value a, float b) { return apply_binary(BINARY_POW, a, b); }
Value equal(Value a, float b) { return apply_binary(BINARY_EQUAL, a, b); }
Value not_equal(Value a, float b) { return apply_binary(BINARY_NOT_EQUAL, a, b); }
Value less(Value a, float b) { return apply_binary(BINARY_LESS, a, b); }
Value less_equal(Value a, float b) { return apply_binary(BINARY_LESS_EQUAL, a, b); }
Value greater(Value a, float b) { return apply_binary(BINARY_GREATER, a, b); }
Value greater_equal(Value a, float b) { return apply_binary(BINARY_GREATER_EQUAL, a, b); }
Value fmod(Value a, Value b) { return apply_binary(BINARY_FMOD, a, b); }
Value remainder(Value a, Value b) { return apply_binary(BINARY_REMAINDER, a, b); }
Value atan2(Value y, Value x) { return apply_binary(BINARY_ATAN2, y, x); }
}  // namespace lemnos
