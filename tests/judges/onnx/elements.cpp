// Functions of one, two and many operands, comparisons, conditions and casts.

#include <cmath>
#include <limits>
#include <numbers>
#include <set>

#include "base/text.h"
#include "judges/onnx/table.h"

namespace lemnos::judges::onnx {

namespace {

// Operator sets before 7 say where the second operand's axes stand, instead of broadcasting from the end.
Value second_operand(Call& c) {
  const Value a = c[0], b = c[1];
  if (!c.flag("broadcast", false) || !c.has("axis")) return b;
  Axes dims = dims_of(b);
  const auto axis = static_cast<size_t>(c.integer("axis"));
  dims.resize(a.shape().rank() - axis, 1);
  return reshape(b, dims);
}

void binary_row(OpTable& t, const char* op, Value (*f)(Value, Value), Tolerance tolerance = kOnnx) {
  t.add(
      op, [f](Call& c) { return f(c[0], second_operand(c)); }, tolerance);
}

// Of as many operands as there are.
void folded_row(OpTable& t, const char* op, Value (*f)(Value, Value), Tolerance tolerance) {
  t.add(
      op,
      [f](Call& c) {
        const std::vector<Value> all = c.all();
        Value y = all.at(0);
        for (size_t i = 1; i < all.size(); ++i) y = f(y, all[i]);
        return y;
      },
      tolerance);
}

// The truth of an operand: 0 or 1 as i32.
Value truth(Call& c, int input) {
  const Value x = c[input];
  return as_whole(not_equal(x, like(x, 0)));
}

void logical_row(OpTable& t, const char* op, Value (*f)(Value, Value)) {
  t.add(op, [f](Call& c) { return f(truth(c, 0), truth(c, 1)); });
}

// An integer base or exponent goes through f32, where the data's powers are exact.
Value power_of(Call& c) {
  const Value y = pow(c.real(0), as_real(second_operand(c)));
  return is_floating(c[0].dtype()) ? cast(y, c[0].dtype()) : as_whole(round(y));
}

Value modulo(Call& c) { return c.flag("fmod", false) ? fmod(c[0], c[1]) : remainder(c[0], c[1]); }

Value clipped(Call& c) {
  Value x = c[0];
  if (c.has("min")) x = maximum(x, like(x, c.real("min", 0)));
  if (c.has("max")) x = minimum(x, like(x, c.real("max", 0)));
  if (c.has(1)) x = maximum(x, c[1]);
  if (c.has(2)) x = minimum(x, c[2]);
  return x;
}

Value infinite(Call& c) {
  const Value x = c[0];
  const double most = std::numeric_limits<double>::infinity();
  const bool low = c.flag("detect_negative", true), high = c.flag("detect_positive", true);
  const Value below = equal(x, like(x, -most)), above = equal(x, like(x, most));
  if (low && high) return below + above;
  return low ? below : high ? above : not_equal(below, below);
}

Value shrunk(Call& c) {
  const Value x = c[0];
  const float width = c.real("lambd", .5f), bias = c.real("bias", 0);
  return through_real(x, [&](Value v) {
    return where(less(v, like(v, -width)), v + bias, where(greater(v, like(v, width)), v - bias, like(v, 0)));
  });
}

Value sloped(Call& c) {
  const Value x = c[0], slope = c[1];
  const int64_t elements = slope.shape().elements();
  const bool aligned = slope.shape().rank() + 1 == x.shape().rank() || c.version() < 7;
  const bool by_channel = elements == 1 || (x.shape().rank() > 1 && elements == x.shape()[1] && aligned);
  if (by_channel) return prelu(x, reshape(slope, Shape{elements}));
  return where(less(x, like(x, 0)), x * slope, x);
}

bool is_real_type(const std::string& type) { return type == "F32" || type == "F64" || type == "F16" || type == "BF16"; }

// To the type of that word. Integers of every width are i32 here, and a boolean is 0 or 1.
Value converted(Call& c, Value x, const std::string& type) {
  static const std::set<std::string> whole = {"I8", "I16", "I32", "I64", "U8", "U16", "U32", "U64"};
  c.set_type(type);
  if (type == "F16" || type == "BF16") return cast(x, type == "F16" ? DType::f16 : DType::bf16);
  if (is_real_type(type)) return as_real(x);
  if (type == "BOOL") return as_whole(not_equal(x, like(x, 0)));
  express_if(whole.contains(type), type == "STRING" ? "strings" : "a tensor of " + lower_case(type));
  return as_whole(x);
}

Value cast_of(Call& c) {
  c.ignore("saturate");  // of floats of 8 bits, which are refused by their type
  return converted(c, c[0], type_word(c.integer("to")));
}
Value cast_like(Call& c) {
  c.ignore("saturate");
  const std::string type = c.type(1);
  return converted(c, c[0], type);
}

// a0 - a1 cos(2 pi n / N) + a2 cos(4 pi n / N)
auto cosine_window(float a0, float a1, float a2) {
  return [=](Call& c) {
    const auto size = static_cast<int64_t>(c.number(0));
    const auto period = static_cast<float>(c.flag("periodic", true) ? size : size - 1);
    express_if(type_word(c.integer("output_datatype", 1)) == "F32", "a window in another type than f32");
    const Value angle = 2 * std::numbers::pi_v<float> / period * range(c.graph(), 0, size, 1, DType::f32);
    return affine(cos(angle), -a1, a0) + a2 * cos(2.f * angle);
  };
}

void add_functions(OpTable& t) {
  t.unary("Abs", abs, kExact);
  t.unary("Neg", negate, kExact);
  t.unary("Sign", sign, kExact);
  t.unary("Floor", floor, kExact);
  t.unary("Ceil", ceil, kExact);
  t.unary("Round", round, kExact);
  t.unary("Relu", relu, kExact);
  t.unary("Reciprocal", reciprocal);
  t.unary("Sqrt", sqrt);
  t.unary("Exp", exp);
  t.unary("Log", log);
  t.unary("Sin", sin);
  t.unary("Cos", cos);
  t.unary("Tan", tan);
  t.unary("Asin", asin);
  t.unary("Acos", acos);
  t.unary("Atan", atan);
  t.unary("Sinh", sinh);
  t.unary("Cosh", cosh);
  t.unary("Tanh", tanh);
  t.unary("Asinh", asinh);
  t.unary("Acosh", acosh);
  t.unary("Atanh", atanh);
  t.unary("Erf", erf);
  t.unary("Sigmoid", sigmoid);
  t.unary("Softsign", softsign);
  t.unary("Softplus", [](Value x) { return softplus(x); });
  t.unary("HardSwish", hard_swish);
  t.unary("Mish", mish);
  t.add("Gelu",
        [](Call& c) { return gelu(c[0], c.word("approximate", "none") == "tanh" ? GeluForm::tanh : GeluForm::erf); });
  t.add("LeakyRelu", [](Call& c) { return leaky_relu(c[0], c.real("alpha", .01f)); });
  t.add("Elu", [](Call& c) { return elu(c[0], c.real("alpha", 1)); });
  t.add("Celu", [](Call& c) { return celu(c[0], c.real("alpha", 1)); });
  t.add("Selu", [](Call& c) {
    const bool plain = !c.has("alpha") && !c.has("gamma");
    return plain ? selu(c[0]) : c.real("gamma", 1.0507010f) * elu(c[0], c.real("alpha", 1.6732632f));
  });
  t.add("HardSigmoid", [](Call& c) { return clamp(affine(c[0], c.real("alpha", .2f), c.real("beta", .5f)), 0, 1); });
  t.add("ThresholdedRelu",
        [](Call& c) { return where(greater(c[0], like(c[0], c.real("alpha", 1))), c[0], like(c[0], 0)); });
  t.add("Shrink", shrunk);
  t.add("PRelu", sloped);
  t.add("IsNaN", [](Call& c) { return not_equal(c[0], c[0]); });
  t.add("IsInf", infinite);
  t.add("HannWindow", cosine_window(.5f, .5f, 0));
  t.add("HammingWindow", cosine_window(25.f / 46, 21.f / 46, 0));
  t.add("BlackmanWindow", cosine_window(.42f, .5f, .08f));
}

}  // namespace

void add_elements(OpTable& t) {
  add_functions(t);
  binary_row(t, "Add", add);
  binary_row(t, "Sub", subtract);
  binary_row(t, "Mul", multiply);
  binary_row(t, "Div", divide);
  binary_row(t, "Equal", equal);
  binary_row(t, "Less", less);
  binary_row(t, "LessOrEqual", less_equal);
  binary_row(t, "Greater", greater);
  binary_row(t, "GreaterOrEqual", greater_equal);
  t.add("Pow", power_of);
  t.add("Mod", modulo);
  t.add("Clip", clipped, kExact);
  folded_row(t, "Max", maximum, kExact);
  folded_row(t, "Min", minimum, kExact);
  folded_row(t, "Sum", add, kOnnx);
  t.add("Mean", [](Call& c) { return mean(stack(c.all()), {0}); });
  logical_row(t, "And", multiply);
  logical_row(t, "Or", maximum);
  logical_row(t, "Xor", not_equal);
  t.add("Not", [](Call& c) { return equal(truth(c, 0), full(c.graph(), {}, 0, DType::i32)); });
  t.add(
      "Where", [](Call& c) { return where(c[0], c[1], c[2]); }, kExact);
  t.add("Cast", cast_of, kExact);
  t.add("CastLike", cast_like, kExact);
  for (const char* op : {"BitwiseAnd", "BitwiseOr", "BitwiseXor", "BitwiseNot", "BitShift"})
    t.none(op, "no op on bits");
}

}  // namespace lemnos::judges::onnx
