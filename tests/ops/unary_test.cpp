#include <span>
#include <string_view>

#include "check/case.h"
#include "lemnos/ops.h"

LEMNOS_OP_CASES(unary) {
  const Shape shapes[] = {{}, {1}, {3}, {4}, {5}, {7, 11}, {29, 37}, {113, 41}, {2, 3, 5, 7}, {256}, {257}, {64, 1023}};
  struct Function {
    const char* name;
    Fill fill;
    double keep_from_zero;
    Tolerance tolerance;
  };
  const Tolerance four_ulp = {.absolute = 0, .relative = 0, .ulps = 4, .reason = "our own reductions and polynomials"};
  const Tolerance eight_ulp = {.absolute = 0, .relative = 0, .ulps = 8, .reason = "a fit of 10 terms in the exponent"};
  // Slopes have roundings of their own, or one of the result; past 2^-126 a device may have 0.
  const Tolerance sloped = {.absolute = 1e-37, .relative = 0, .ulps = 16, .reason = "a slope times the gradient"};
  const Function functions[] = {
      {"identity", normal(), 0, exact()},
      {"relu", normal(), 1e-3, exact()},
      {"leaky_relu", normal(), 1e-3, rounding()},
      {"elu", normal(), 1e-3, transcendental()},
      {"selu", normal(), 1e-3, transcendental()},
      {"celu", normal(), 1e-3, transcendental()},
      {"gelu", normal(0, 2), 0, transcendental()},
      {"gelu_tanh", normal(0, 2), 0, transcendental()},
      {"silu", normal(0, 3), 0, transcendental()},
      {"mish", normal(0, 3), 0, transcendental()},
      {"sigmoid", normal(0, 4), 0, transcendental()},
      {"hard_sigmoid", uniform(-2.9, 2.9), 0, rounding()},
      {"hard_swish", uniform(-2.9, 2.9), 0, rounding()},
      {"tanh", normal(0, 2), 0, transcendental()},
      {"softplus", normal(0, 4), 0, transcendental()},
      {"softsign", normal(), 1e-3, rounding()},
      {"negate", normal(), 0, exact()},
      {"abs", normal(), 1e-3, exact()},
      {"square", normal(), 0, rounding()},
      {"sqrt", uniform(.01, 100), 0, rounding()},
      {"rsqrt", uniform(.01, 100), 0, rounding(8)},
      {"exp", normal(0, 4), 0, transcendental()},
      {"log", uniform(1e-3, 100), 0, transcendental()},
      {"log1p", uniform(-.5, 10), 0, transcendental()},
      {"reciprocal", uniform(.1, 10), 0, rounding(8)},
      {"affine", normal(), 0, rounding()},
      {"sin", uniform(-9, 9), 0, four_ulp},
      {"cos", uniform(-9, 9), 0, four_ulp},
      {"tan", uniform(-1.4, 1.4), 0, four_ulp},
      {"asin", uniform(-.98, .98), 0, four_ulp},
      {"acos", uniform(-.98, .98), 0, four_ulp},
      {"atan", normal(0, 2), 0, four_ulp},
      {"sinh", normal(0, 2), 0, four_ulp},
      {"cosh", normal(0, 2), 0, four_ulp},
      {"asinh", normal(0, 5), 0, four_ulp},
      {"acosh", uniform(1.1, 9), 0, four_ulp},
      {"atanh", uniform(-.95, .95), 0, four_ulp},
      {"erf", normal(), 0, four_ulp},
      {"erfc", normal(), 0, eight_ulp},
      {"erfinv", uniform(-.95, .95), 0, four_ulp},
      {"exp2", normal(0, 4), 0, four_ulp},
      {"expm1", normal(), 0, four_ulp},
      {"log2", uniform(.01, 100), 0, four_ulp},
      {"log10", uniform(.01, 100), 0, four_ulp},
  };
  for (const char* op : {"sign", "floor", "ceil", "round", "trunc"})
    for (const Fill& fill : {normal(0, 3), integers(-3, 3), normal(0, 1e7), uniform(-.9, .9)})
      cases.add({.op = op,
                 .inputs = {{.shape = {29, 37}, .fill = fill}},
                 .tolerance = exact(),
                 .dtypes = kHalf,
                 .backward = false,
                 .degenerate = "whole numbers"});
  // What a reduction by a few digits of pi would lose, and the ends of the ranges.
  const auto far = [&](const char* op, Fill fill) {
    cases.add({.op = op,
               .inputs = {{.shape = {113, 41}, .fill = fill}},
               .tolerance = op == std::string_view("erfc") ? eight_ulp : four_ulp,
               .backward_tolerance = sloped,
               .note = "far",
               .no_differences = "the function turns too often, or is vast"});
  };
  for (const char* op : {"sin", "cos", "tan"})
    for (const double size : {1e2, 1e4, 1e9, 1e20, 3e38}) far(op, uniform(-size, size));
  for (const char* op : {"sinh", "cosh", "expm1"}) far(op, uniform(-88, 88));
  for (const char* op : {"exp2", "erfc"}) far(op, uniform(0, 9));
  for (const char* op : {"asinh", "atan"}) far(op, uniform(-1e15, 1e15));
  far("erf", uniform(-5, 5));
  for (const double low : {.5, .9, .999, 1 - 1e-6}) far("erfinv", uniform(low, 1));
  for (const char* op : {"log2", "log10", "acosh"}) far(op, uniform(1, 1e30));
  for (const char* op : {"log2", "log10"}) far(op, uniform(.99, 1.01));
  for (const char* op : {"sin", "tan", "asin", "atan", "sinh", "asinh", "atanh", "erf", "erfinv", "expm1"})
    far(op, uniform(-1e-3, 1e-3));
  // Of a family that shares its kernel the later members are asked in a few shapes.
  const Shape few[] = {{5}, {29, 37}, {257}};
  for (const Function& f : functions)
    for (const Shape& shape : f.tolerance.ulps > 0 && f.tolerance.reason[0] ? std::span<const Shape>(few) : shapes)
      cases.add({.op = f.name,
                 .inputs = {{.shape = shape, .fill = f.fill, .keep_from_zero = f.keep_from_zero}},
                 .tolerance = f.tolerance,
                 .backward_tolerance = std::string_view(f.tolerance.reason).empty() ? f.tolerance : sloped,
                 .dtypes = kHalf});

  for (const Shape& shape : shapes)
    cases.add({.op = "clamp",
               .inputs = {{.shape = shape, .fill = uniform(-.9, .9)}},
               .attrs = {{"a", -1.0}, {"b", 1.0}},
               .tolerance = exact(),
               .dtypes = kHalf});
  cases.add({.op = "clamp",
             .inputs = {{.shape = {29, 37}, .fill = normal(0, 3)}},
             .attrs = {{"a", -1.0}, {"b", 1.0}},
             .tolerance = exact(),
             .note = "both sides clamp",
             .no_differences = "kinks at both ends"});

  const auto extreme = [&](const char* op, Fill fill, const char* note, const char* degenerate) {
    cases.add({.op = op,
               .inputs = {{.shape = {7, 37}, .fill = fill}},
               .tolerance = transcendental(),
               .note = note,
               .no_differences = "the function is flat or vast here",
               .degenerate = degenerate});
  };
  extreme("tanh", constant(200), "saturates above: exp(400) would be inf", "tanh is 1 there");
  extreme("tanh", constant(-200), "saturates below", "tanh is -1 there");
  extreme("tanh", uniform(-1e-4, 1e-4), "relative accuracy near zero", "");
  extreme("sigmoid", constant(-200), "exp(200) would be inf", "sigmoid is 0 there");
  extreme("softplus", uniform(80, 200), "is x there", "");
  extreme("log", uniform(1e-30, 1e-20), "near zero", "");
  extreme("log", constant(0), "a driver's may be a number", "everything is infinite");
  extreme("log1p", constant(-1), "likewise", "everything is infinite");
  const auto gate = [&](const char* op, const Shape& x, Build build) {
    cases.add({.op = op, .inputs = {{.shape = x}}, .tolerance = transcendental(), .build = std::move(build)});
  };
  for (const int64_t axis : {0, 1, -1}) {
    gate("glu", {6, 8, 10}, [axis](Graph&, const std::vector<Value>& in) { return std::vector{glu(in[0], axis)}; });
    gate("swiglu", {2, 4, 22},
         [axis](Graph&, const std::vector<Value>& in) { return std::vector{swiglu(in[0], axis)}; });
    gate("geglu", {4, 2, 58}, [axis](Graph&, const std::vector<Value>& in) { return std::vector{geglu(in[0], axis)}; });
  }
  for (const auto& [x, slopes] : {std::pair{Shape{29, 37}, 1}, {{29, 37}, 37}, {{3, 5, 7, 4}, 5}})
    cases.add(
        {.op = "prelu",
         .inputs = {{.shape = x, .keep_from_zero = 1e-3}, {.shape = {slopes}, .fill = uniform(.1, .5)}},
         .tolerance = rounding(1),
         .backward_tolerance = summation(x.elements()),
         .build = [](Graph&, const std::vector<Value>& in) -> std::vector<Value> { return {prelu(in[0], in[1])}; }});
  cases.add({.op = "relu", .inputs = {{.shape = {0, 4}}}, .tolerance = exact(), .note = "nothing to do"});
}
