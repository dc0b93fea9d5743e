// Arithmetic, comparisons and functions of one operand.

#include <cmath>
#include <numbers>

#include "judges/helpers.h"
#include "judges/tables.h"

namespace lemnos::judges {

namespace {

constexpr float kLn2 = std::numbers::ln2_v<float>, kLn10 = std::numbers::ln10_v<float>;

// `x + alpha y`.
Value scaled(Args& a, Where where, double otherwise, Value x) {
  const float factor = a.real_number(where, otherwise);
  return factor == 1 ? x : factor * x;
}

Value clamped(Args& a) {
  Value x = a[0];
  if (a.has({1, "min"})) x = maximum(x, a.real({1, "min"}));
  if (a.has({2, "max"})) x = minimum(x, a.real({2, "max"}));
  return x;
}

Value logit(Args& a) {
  const float eps = a.real_number({1, "eps"}, 0);
  const Value p = eps > 0 ? clamp(a[0], eps, 1 - eps) : a[0];
  return log(p / affine(p, -1, 1));
}

Value xlogy(Value a, Value b) {
  const Value zero = a.graph().scalar(0);
  return where(equal(a, zero) * not_equal(b, b), b, a * log(where(equal(a, zero), a.graph().scalar(1), b)));
}

Value copysign(Value a, Value b) { return where(less(b, a.graph().scalar(0)), -abs(a), abs(a)); }

Value sign(Value x) { return greater(x, x.graph().scalar(0)) - less(x, x.graph().scalar(0)); }

void add_binary(Table& t) {
  t.add(
      "add",
      [](Args& a) {
        return a.real(0) + scaled(a, "alpha", 1, a.real({1, "other"}));
      },
      kRounding);
  t.add(
      "sub",
      [](Args& a) {
        return a.real(0) - scaled(a, "alpha", 1, a.real({1, "other"}));
      },
      kRounding);
  t.binary("mul", multiply, kRounding);
  for (const char* name : {"div.no_rounding_mode", "true_divide"}) t.binary(name, divide, kRounding);
  for (const char* name : {"div.trunc_rounding", "div.floor_rounding"}) t.none(name, "no op: trunc and floor");
  for (const char* name : {"max.binary", "maximum", "clamp_min"}) t.binary(name, maximum, kExact);
  for (const char* name : {"min.binary", "minimum", "clamp_max"}) t.binary(name, minimum, kExact);
  t.add("clamp", clamped, kExact);
  for (const char* name : {"pow", "float_power"})  // the exponent's gradient adds up terms up to 1e8
    t.add(
        name,
        [](Args& a) {
          return pow(a.real(0), a.real({1, "other"}));
        },
        kCourt, kCancelling);
  t.binary("copysign", copysign, kExact);
  t.binary("hypot", [](Value a, Value b) { return sqrt(square(a) + square(b)); });
  t.binary("logaddexp", logaddexp);
  t.binary("xlogy", xlogy);
}

void add_unary(Table& t) {
  t.unary("abs", abs, kExact);
  t.unary("positive", identity, kExact);
  t.unary("neg", negate, kExact);
  t.unary("sign", sign, kExact);
  t.unary("square", square, kRounding);
  t.unary("sqrt", sqrt, kRounding);
  t.unary("reciprocal", reciprocal, kRounding);
  t.unary("rsqrt", rsqrt, kRounding);
  t.unary("exp", exp);
  t.unary("exp2", [](Value x) { return exp(kLn2 * x); });
  t.unary("log", log);
  t.unary("log1p", log1p);
  t.unary("log2", [](Value x) { return log(x) / kLn2; });
  t.unary("log10", [](Value x) { return log(x) / kLn10; });
  t.add("logit", logit);
}

void add_ternary(Table& t) {
  t.add("addcmul", [](Args& a) { return a[0] + scaled(a, "value", 1, a[1] * a[2]); });
  t.add("addcdiv", [](Args& a) { return a[0] + scaled(a, "value", 1, a[1] / a[2]); });
  t.add("lerp", [](Args& a) { return a[0] + a.real({2, "weight"}) * (a[1] - a[0]); });
  t.add(
      "where", [](Args& a) { return where(a[1], a.real(0), a.real(2)); }, kExact);
  t.add(
      "masked_fill",
      [](Args& a) {
        return where(a[1], a.real({2, "value"}), a[0]);
      },
      kExact);
}

}  // namespace

void add_elementwise(Table& table) {
  add_binary(table);
  add_unary(table);
  add_ternary(table);
}

}  // namespace lemnos::judges
