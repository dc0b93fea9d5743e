// Arithmetic, comparisons and functions of one operand.

#include <cmath>
#include <numbers>

#include "judges/helpers.h"
#include "judges/tables.h"

namespace lemnos::judges {

namespace {

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

Value sinc(Value x) {
  const Value zero = equal(x, x.graph().scalar(0)),
              safe = std::numbers::pi_v<float> * where(zero, x.graph().scalar(1), x);
  return where(zero, x.graph().scalar(1), sin(safe) / safe);
}

Value rounded(Args& a) {
  const float unit = std::pow(10.0f, a.real_number("decimals", 0));
  return unit == 1 ? round(a[0]) : round(a[0] * unit) / unit;
}

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
  const auto rounded = [&](const char* name, Value (*f)(Value)) {
    t.add(
        name,
        [f](Args& a) {
          a.ignore("rounding_mode");  // as the name says
          return f(a.real(0) / a.real({1, "other"}));
        },
        kRounding);
  };
  rounded("div.trunc_rounding", trunc);
  rounded("div.floor_rounding", floor);
  t.binary("fmod", fmod, kRounding);
  t.binary("remainder", remainder, kRounding);
  t.binary("atan2", atan2);
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
  t.unary("exp2", exp2);
  t.unary("expm1", expm1);
  t.unary("log", log);
  t.unary("log1p", log1p);
  t.unary("log2", log2);
  t.unary("log10", log10);
  t.unary("sin", sin);
  t.unary("cos", cos);
  t.unary("tan", tan);
  t.unary("asin", asin);
  t.unary("acos", acos);
  t.unary("atan", atan);
  t.unary("sinh", sinh);
  t.unary("cosh", cosh);
  t.unary("asinh", asinh);
  t.unary("acosh", acosh);
  t.unary("atanh", atanh);
  t.unary("erf", erf);
  t.unary("erfc", erfc);
  t.unary("erfinv", erfinv);
  t.unary("sinc", sinc);
  t.unary("floor", floor, kExact);
  t.unary("ceil", ceil, kExact);
  t.unary("trunc", trunc, kExact);
  t.unary(
      "frac", [](Value x) { return x - trunc(x); }, kRounding);
  for (const char* name : {"round", "round.decimals_0", "round.decimals_3", "round.decimals_neg_3"})
    t.add(name, rounded);
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
