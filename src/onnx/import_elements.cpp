// Elementwise ops.
#include <cmath>
#include <limits>

#include "base/text.h"
#include "lemnos/ops.h"
#include "onnx/import.h"

namespace lemnos::onnx {

namespace {

// Functions of f32; integers are taken through it.
template <Value (*f)(Value)>
std::vector<Value> function_row(ImportCall& c) {
  const Value x = c[0];
  return {x.dtype() == DType::f32 ? f(x) : cast(f(cast(x, DType::f32)), x.dtype())};
}

template <Value (*f)(Value, Value)>
std::vector<Value> pair_row(ImportCall& c) {
  return {f(c[0], c[1])};
}
// Comparisons give i32.
template <Value (*f)(Value, Value)>
std::vector<Value> comparison_row(ImportCall& c) {
  const Value y = f(c[0], c[1]);
  return {y.dtype() == DType::i32 ? y : cast(y, DType::i32)};
}
template <Value (*f)(Value, Value)>
std::vector<Value> many_row(ImportCall& c) {
  const std::vector<Value> values = c.all();
  require(!values.empty(), ErrorCode::corrupt_data, "no inputs");
  Value y = values[0];
  for (size_t i = 1; i < values.size(); ++i) y = f(y, values[i]);
  return {y};
}
std::vector<Value> mean_row(ImportCall& c) { return {many_row<add>(c)[0] / static_cast<float>(c.count())}; }

std::vector<Value> leaky_relu_row(ImportCall& c) { return {leaky_relu(c.real(0), c.real("alpha", .01f))}; }
std::vector<Value> elu_row(ImportCall& c) { return {elu(c.real(0), c.real("alpha", 1))}; }
std::vector<Value> celu_row(ImportCall& c) { return {celu(c.real(0), c.real("alpha", 1))}; }
std::vector<Value> gelu_row(ImportCall& c) {
  return {gelu(c.real(0), c.word("approximate", "none") == "tanh" ? GeluForm::tanh : GeluForm::erf)};
}
std::vector<Value> selu_row(ImportCall& c) {
  if (std::abs(c.real("alpha", 1.6732632f) - 1.6732632f) > 1e-4f ||
      std::abs(c.real("gamma", 1.050701f) - 1.050701f) > 1e-4f)
    c.refuse("selu with factors of its own");
  return {selu(c.real(0))};
}
std::vector<Value> hard_sigmoid_row(ImportCall& c) {
  return {clamp(affine(c.real(0), c.real("alpha", .2f), c.real("beta", .5f)), 0, 1)};
}
std::vector<Value> clip_row(ImportCall& c) {
  constexpr float kMost = std::numeric_limits<float>::max();
  const Value x = c[0];
  const auto low = static_cast<float>(c.has("min") ? c.real("min", -kMost) : c.number(1, -kMost)),
             high = static_cast<float>(c.has("max") ? c.real("max", kMost) : c.number(2, kMost));
  return {x.dtype() == DType::f32 ? clamp(x, low, high) : cast(clamp(cast(x, DType::f32), low, high), x.dtype())};
}
std::vector<Value> pow_row(ImportCall& c) {
  const Value a = c[0], b = c[1];
  return {pow(a, b.dtype() == a.dtype() ? b : cast(b, a.dtype()))};
}
std::vector<Value> mod_row(ImportCall& c) { return {c.integer("fmod", 0) ? fmod(c[0], c[1]) : remainder(c[0], c[1])}; }
std::vector<Value> not_row(ImportCall& c) { return {equal(c.whole(0), like(c.whole(0), 0))}; }
std::vector<Value> prelu_row(ImportCall& c) {
  const Value x = c.real(0), zero = like(x, 0);
  return {maximum(x, zero) + c.real(1) * minimum(x, zero)};
}
std::vector<Value> cast_row(ImportCall& c) {
  (void)c.has("saturate");
  const std::string type = type_word(c.integer("to", 1));
  const Value x = c[0];
  if (type == "BOOL") return {cast(not_equal(x, like(x, 0)), DType::i32)};
  if (type == "STRING" || type.starts_with("C") || type.starts_with("?")) c.refuse("a cast to " + type);
  const DType dtype = Tensor{.dtype = type}.is_floating() ? DType::f32 : DType::i32;
  return {x.dtype() == dtype ? x : cast(x, dtype)};
}
std::vector<Value> where_row(ImportCall& c) { return {where(c[0], c[1], c[2])}; }
std::vector<Value> identity_row(ImportCall& c) { return {c[0]}; }
// As in evaluation: what a file holds of it is no layer that trains.
std::vector<Value> dropout_row(ImportCall& c) {
  for (const char* name : {"ratio", "seed", "is_test"}) (void)c.has(name);
  if (c.wants(1)) c.refuse("the mask of a Dropout");
  return {c[0]};
}

Value softplus_of(Value x) { return softplus(x); }

void add_functions(ImportTable& t) {
  t["Relu"] = function_row<relu>;
  t["Sigmoid"] = function_row<sigmoid>;
  t["Tanh"] = function_row<tanh>;
  t["Softsign"] = function_row<softsign>;
  t["HardSwish"] = function_row<hard_swish>;
  t["Mish"] = function_row<mish>;
  t["Softplus"] = function_row<softplus_of>;
  t["Neg"] = function_row<negate>;
  t["Abs"] = function_row<abs>;
  t["Sqrt"] = function_row<sqrt>;
  t["Exp"] = function_row<exp>;
  t["Log"] = function_row<log>;
  t["Sin"] = function_row<sin>;
  t["Cos"] = function_row<cos>;
  t["Tan"] = function_row<tan>;
  t["Asin"] = function_row<asin>;
  t["Acos"] = function_row<acos>;
  t["Atan"] = function_row<atan>;
  t["Sinh"] = function_row<sinh>;
  t["Cosh"] = function_row<cosh>;
  t["Asinh"] = function_row<asinh>;
  t["Acosh"] = function_row<acosh>;
  t["Atanh"] = function_row<atanh>;
  t["Erf"] = function_row<erf>;
  t["Sign"] = function_row<sign>;
  t["Floor"] = function_row<floor>;
  t["Ceil"] = function_row<ceil>;
  t["Round"] = function_row<round>;
  t["Reciprocal"] = function_row<reciprocal>;
}

}  // namespace

void add_import_elements(ImportTable& t) {
  add_functions(t);
  t["Add"] = pair_row<add>;
  t["Sub"] = pair_row<subtract>;
  t["Mul"] = pair_row<multiply>;
  t["Div"] = pair_row<divide>;
  t["And"] = pair_row<multiply>;
  t["Or"] = pair_row<maximum>;
  t["Equal"] = comparison_row<equal>;
  t["Less"] = comparison_row<less>;
  t["Greater"] = comparison_row<greater>;
  t["LessOrEqual"] = comparison_row<less_equal>;
  t["GreaterOrEqual"] = comparison_row<greater_equal>;
  t["Min"] = many_row<minimum>;
  t["Max"] = many_row<maximum>;
  t["Sum"] = many_row<add>;
  t["Mean"] = mean_row;
  t["LeakyRelu"] = leaky_relu_row;
  t["Elu"] = elu_row;
  t["Celu"] = celu_row;
  t["Selu"] = selu_row;
  t["Gelu"] = gelu_row;
  t["HardSigmoid"] = hard_sigmoid_row;
  t["Clip"] = clip_row;
  t["Pow"] = pow_row;
  t["Mod"] = mod_row;
  t["Not"] = not_row;
  t["PRelu"] = prelu_row;
  t["Cast"] = cast_row;
  t["Where"] = where_row;
  t["Identity"] = identity_row;
  t["Dropout"] = dropout_row;
}

}  // namespace lemnos::onnx
