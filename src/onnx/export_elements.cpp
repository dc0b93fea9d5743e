// Elementwise ops.
#include <numbers>

#include "base/text.h"
#include "onnx/export.h"
#include "reference/cast.h"
#include "reference/unary.h"

namespace lemnos::onnx {

namespace {

// Ops of the same name but for its spelling.
struct Renamed {
  const char* name;
  const char* op;
};
constexpr Renamed kRenamed[] = {{"identity", "Identity"},
                                {"stop_gradient", "Identity"},
                                {"dropout", "Identity"},
                                {"relu", "Relu"},
                                {"sigmoid", "Sigmoid"},
                                {"tanh", "Tanh"},
                                {"softsign", "Softsign"},
                                {"negate", "Neg"},
                                {"abs", "Abs"},
                                {"sqrt", "Sqrt"},
                                {"exp", "Exp"},
                                {"log", "Log"},
                                {"sin", "Sin"},
                                {"cos", "Cos"},
                                {"tan", "Tan"},
                                {"asin", "Asin"},
                                {"acos", "Acos"},
                                {"atan", "Atan"},
                                {"sinh", "Sinh"},
                                {"cosh", "Cosh"},
                                {"asinh", "Asinh"},
                                {"acosh", "Acosh"},
                                {"atanh", "Atanh"},
                                {"erf", "Erf"},
                                {"sign", "Sign"},
                                {"floor", "Floor"},
                                {"ceil", "Ceil"},
                                {"round", "Round"},
                                {"selu", "Selu"},
                                {"reciprocal", "Reciprocal"},
                                {"hard_swish", "HardSwish"}};
constexpr Renamed kRenamedPairs[] = {{"add", "Add"},
                                     {"subtract", "Sub"},
                                     {"multiply", "Mul"},
                                     {"divide", "Div"},
                                     {"minimum", "Min"},
                                     {"maximum", "Max"},
                                     {"pow", "Pow"},
                                     {"equal", "Equal"},
                                     {"less", "Less"},
                                     {"greater", "Greater"},
                                     {"less_equal", "LessOrEqual"},
                                     {"greater_equal", "GreaterOrEqual"}};

template <size_t N>
const char* op_named(const Renamed (&rows)[N], const ExportCall& c) {
  for (const Renamed& row : rows)
    if (std::string_view(row.name) == c.node().op->name) return row.op;
  return "";
}

void renamed_export(ExportCall& c) { c.give(0, c.add(op_named(kRenamed, c), {c.in(0)})); }
// An operand in the type in which the two meet: a boolean beside another type is 0 or 1 in that. ONNX neither adds nor
// orders booleans: two of them meet as i32.
std::string operand(ExportCall& c, size_t i) {
  const DType own = c.in_desc(i).dtype, other = c.in_desc(1 - i).dtype;
  if (own != DType::boolean) return c.in(i);
  return c.cast(c.in(i), other == DType::boolean ? DType::i32 : other);
}
void pair_export(ExportCall& c) {
  const std::string made = c.add(op_named(kRenamedPairs, c), {operand(c, 0), operand(c, 1)});
  c.give(0, c.out_desc().dtype == DType::boolean ? c.cast(made, DType::boolean) : made);
}
void comparison_export(ExportCall& c) { c.give(0, c.add(op_named(kRenamedPairs, c), {operand(c, 0), operand(c, 1)})); }
void not_equal_export(ExportCall& c) { c.give(0, c.add("Not", {c.add("Equal", {operand(c, 0), operand(c, 1)})})); }
void fmod_export(ExportCall& c) { c.give(0, c.add("Mod", {c.in(0), c.in(1)}, {integer_attribute("fmod", 1)})); }

template <const char* (*op)()>
void alpha_export(ExportCall& c) {
  c.give(0, c.add(op(), {c.in(0)}, {real_attribute("alpha", c.attrs<UnaryAttrs>().a)}));
}
const char* leaky() { return "LeakyRelu"; }
const char* elu_op() { return "Elu"; }
const char* celu_op() { return "Celu"; }

void hard_sigmoid_export(ExportCall& c) {
  c.give(0, c.add("HardSigmoid", {c.in(0)}, {real_attribute("alpha", 1. / 6), real_attribute("beta", .5)}));
}

// What has no op of its own: x by smaller ones.
void gelu_export(ExportCall& c) {
  const std::string x = c.in(0), half = c.add("Mul", {x, c.number(.5)});
  const std::string erf = c.add("Erf", {c.add("Mul", {x, c.number(1 / std::numbers::sqrt2)})});
  c.give(0, c.add("Mul", {half, c.add("Add", {erf, c.number(1)})}));
}
void gelu_tanh_export(ExportCall& c) {
  const std::string x = c.in(0), half = c.add("Mul", {x, c.number(.5)});
  const std::string cube = c.add("Mul", {c.add("Mul", {x, x}), x});
  const std::string sum = c.add("Add", {x, c.add("Mul", {cube, c.number(.044715)})});
  const double scale = std::numbers::sqrt2 * std::numbers::inv_sqrtpi;  // sqrt(2 / pi)
  const std::string tanh = c.add("Tanh", {c.add("Mul", {sum, c.number(scale)})});
  c.give(0, c.add("Mul", {half, c.add("Add", {tanh, c.number(1)})}));
}
void silu_export(ExportCall& c) { c.give(0, c.add("Mul", {c.in(0), c.add("Sigmoid", {c.in(0)})})); }
void mish_export(ExportCall& c) { c.give(0, c.add("Mul", {c.in(0), c.add("Tanh", {c.add("Softplus", {c.in(0)})})})); }
void softplus_export(ExportCall& c) {
  const double beta = c.attrs<UnaryAttrs>().a;
  if (beta == 1) return c.give(0, c.add("Softplus", {c.in(0)}));
  c.give(0, c.add("Div", {c.add("Softplus", {c.add("Mul", {c.in(0), c.number(beta)})}), c.number(beta)}));
}
void square_export(ExportCall& c) { c.give(0, c.add("Mul", {c.in(0), c.in(0)})); }
void rsqrt_export(ExportCall& c) { c.give(0, c.add("Reciprocal", {c.add("Sqrt", {c.in(0)})})); }
void clamp_export(ExportCall& c) {
  const auto attrs = c.attrs<UnaryAttrs>();
  c.give(0, c.add("Clip", {c.in(0), c.number(attrs.a), c.number(attrs.b)}));
}
void affine_export(ExportCall& c) {
  const auto attrs = c.attrs<UnaryAttrs>();
  std::string y = c.in(0);
  if (attrs.a != 1) y = c.add("Mul", {y, c.number(attrs.a)});
  if (attrs.b != 0) y = c.add("Add", {y, c.number(attrs.b)});
  c.give(0, attrs.a == 1 && attrs.b == 0 ? c.add("Identity", {y}) : y);
}
void log1p_export(ExportCall& c) { c.give(0, c.add("Log", {c.add("Add", {c.in(0), c.number(1)})})); }
void expm1_export(ExportCall& c) { c.give(0, c.add("Sub", {c.add("Exp", {c.in(0)}), c.number(1)})); }
void exp2_export(ExportCall& c) { c.give(0, c.add("Exp", {c.add("Mul", {c.in(0), c.number(std::numbers::ln2)})})); }
void log2_export(ExportCall& c) { c.give(0, c.add("Mul", {c.add("Log", {c.in(0)}), c.number(std::numbers::log2e)})); }
void log10_export(ExportCall& c) { c.give(0, c.add("Mul", {c.add("Log", {c.in(0)}), c.number(std::numbers::log10e)})); }
void erfc_export(ExportCall& c) { c.give(0, c.add("Sub", {c.number(1), c.add("Erf", {c.in(0)})})); }
void trunc_export(ExportCall& c) {
  c.give(0, c.add("Mul", {c.add("Sign", {c.in(0)}), c.add("Floor", {c.add("Abs", {c.in(0)})})}));
}
void remainder_export(ExportCall& c) {
  if (!is_floating(c.in_desc(0).dtype)) return c.give(0, c.add("Mod", {c.in(0), c.in(1)}));
  const std::string times = c.add("Floor", {c.add("Div", {c.in(0), c.in(1)})});
  c.give(0, c.add("Sub", {c.in(0), c.add("Mul", {c.in(1), times})}));
}
void cast_export(ExportCall& c) { c.give(0, c.cast(c.in(0), c.attrs<CastAttrs>().dtype)); }
void where_export(ExportCall& c) {
  const bool is_boolean = c.in_desc(0).dtype == DType::boolean;
  c.give(0, c.add("Where", {is_boolean ? c.in(0) : c.cast(c.in(0), DType::boolean), c.in(1), c.in(2)}));
}

}  // namespace

void add_export_elements(ExportTable& t) {
  for (const Renamed& row : kRenamed) t[row.name] = renamed_export;
  for (const Renamed& row : kRenamedPairs) {
    const std::string_view name = row.name;
    const bool compares = name == "equal" || name.starts_with("less") || name.starts_with("greater");
    t[row.name] = compares ? comparison_export : pair_export;
  }
  t["not_equal"] = not_equal_export;
  t["fmod"] = fmod_export;
  t["remainder"] = remainder_export;
  t["leaky_relu"] = alpha_export<leaky>;
  t["elu"] = alpha_export<elu_op>;
  t["celu"] = alpha_export<celu_op>;
  t["hard_sigmoid"] = hard_sigmoid_export;
  t["gelu"] = gelu_export;
  t["gelu_tanh"] = gelu_tanh_export;
  t["silu"] = silu_export;
  t["mish"] = mish_export;
  t["softplus"] = softplus_export;
  t["square"] = square_export;
  t["rsqrt"] = rsqrt_export;
  t["clamp"] = clamp_export;
  t["affine"] = affine_export;
  t["log1p"] = log1p_export;
  t["expm1"] = expm1_export;
  t["exp2"] = exp2_export;
  t["log2"] = log2_export;
  t["log10"] = log10_export;
  t["erfc"] = erfc_export;
  t["trunc"] = trunc_export;
  t["cast"] = cast_export;
  t["where"] = where_export;
}

}  // namespace lemnos::onnx
