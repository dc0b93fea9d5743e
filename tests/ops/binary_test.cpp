#include <string_view>

#include "check/case.h"

LEMNOS_OP_CASES(binary) {
  struct Pair {
    Shape a, b;
  };
  const Pair same[] = {{{}, {}},
                       {{1}, {1}},
                       {{3}, {3}},
                       {{4}, {4}},
                       {{5}, {5}},
                       {{7, 11}, {7, 11}},
                       {{29, 37}, {29, 37}},
                       {{256}, {256}},
                       {{257}, {257}},
                       {{113, 41}, {113, 41}},
                       {{32, 1023}, {32, 1023}}};
  const Pair stretched[] = {{{37, 128}, {128}},   // bias, whole groups of four
                            {{113, 10}, {10}},    // bias, not
                            {{10}, {113, 10}},    // the same from the left
                            {{29, 37}, {}},       // scalar
                            {{1}, {1024}},        // scalar on the left
                            {{41, 1}, {41, 89}},  // column
                            {{41, 1}, {1, 88}},   // outer product
                            {{7, 4}, {1, 4}},     // one group of four a row
                            {{2, 3, 1, 8}, {3, 5, 1}},
                            {{5, 7, 11}, {7, 1}},
                            {{2, 1, 3, 1, 5}, {1, 7, 1, 2, 1}},
                            {{2, 1, 3, 1, 2, 1}, {3, 1, 2, 1, 3}},  // as many axes as a kernel walks
                            {{3, 257}, {257}},
                            {{128, 1024}, {1024}}};
  struct Function {
    const char* name;
    Fill a, b;
    Tolerance tolerance;
    const char* no_differences;
  };
  const Fill few = integers(-3, 3);
  const Function functions[] = {
      {"add", normal(), normal(), rounding(), ""},
      {"subtract", normal(), normal(), rounding(), ""},
      {"multiply", normal(), normal(), rounding(), ""},
      {"divide", normal(), uniform(.5, 3), rounding(), ""},
      {"minimum", normal(), normal(), exact(), "a kink wherever the operands come close"},
      {"maximum", normal(), normal(), exact(), "a kink wherever the operands come close"},
      {"pow", uniform(.1, 3), uniform(-3, 3), {.absolute = 0, .relative = 0, .ulps = 4, .reason = "our own pow"}, ""},
      {"fmod", normal(0, 9), uniform(.5, 3), exact(), "a step at every multiple"},
      {"remainder", normal(0, 9), uniform(.5, 3), rounding(), "a step at every multiple"},
      {"atan2", normal(), normal(), {.absolute = 0, .relative = 0, .ulps = 4, .reason = "our own atan"}, ""},
      {"equal", few, few, exact(), "steps"},
      {"not_equal", few, few, exact(), "steps"},
      {"less", few, few, exact(), "steps"},
      {"less_equal", few, few, exact(), "steps"},
      {"greater", few, few, exact(), "steps"},
      {"greater_equal", few, few, exact(), "steps"},
  };
  // Gradients of stretched operands are sums, whose terms may cancel.
  const Tolerance summed = {.absolute = 1e-4, .relative = 1e-4, .reason = "a sum of up to 128 products"};
  // A half result is rounded after each node of the composite, where a tie may fall either way.
  const Tolerance composite = {.absolute = 1e-4, .relative = 1e-4, .ulps = 2, .reason = "four nodes, each rounded"};
  for (const Function& f : functions) {
    const bool arithmetic = &f < functions + 4;
    const bool comparison = f.no_differences == std::string_view("steps");
    const auto add = [&](const Pair& p) {
      cases.add({.op = f.name,
                 .inputs = {{.shape = p.a, .fill = f.a}, {.shape = p.b, .fill = f.b}},
                 .tolerance = f.tolerance,
                 .backward_tolerance = f.name == std::string_view("pow")    ? composite
                                       : p.a == p.b && f.tolerance.ulps > 0 ? rounding(16)
                                                                            : summed,
                 .dtypes = arithmetic || p.a == p.b ? kHalf : std::vector<DType>{DType::f32},
                 .backward = !comparison,
                 .no_differences = f.no_differences,
                 .degenerate = comparison ? "a comparison is 0 or 1, and whole numbers are often equal" : ""});
    };
    for (const Pair& p : same)
      if (arithmetic || p.a.elements() < 2000) add(p);
    for (const Pair& p : stretched)
      if (arithmetic || p.a.elements() + p.b.elements() < 1000) add(p);
  }
  // Over all magnitudes, where the logarithm needs more bits than a float has.
  for (const auto& [base, exponent] :
       {std::pair{uniform(.99, 1.01), uniform(-5000, 5000)}, std::pair{uniform(1e3, 1e6), uniform(-6, 6)},
        std::pair{uniform(1e-6, 1e-3), uniform(-5, 5)}})
    cases.add({.op = "pow",
               .inputs = {{.shape = {29, 37}, .fill = base}, {.shape = {29, 37}, .fill = exponent}},
               .tolerance = {.absolute = 0, .relative = 0, .ulps = 4, .reason = "our own pow"},
               .backward = false});
  // Whole exponents keep the sign of a negative base.
  for (const double exponent : {-2.0, -1.0, 0.0, 1.0, 2.0, 3.0})
    cases.add({.op = "pow",
               .inputs = {{.shape = {29, 37}, .fill = normal(), .keep_from_zero = .2},
                          {.shape = {}, .fill = constant(exponent), .differentiable = false}},
               .tolerance = rounding(8),
               .backward_tolerance = rounding(24),
               .degenerate = exponent == 0 ? "x^0 is 1" : ""});
  // The ends of the range, where sums and products go round, and divisors of 0 and -1.
  const Fill any = integers(-2147483648.0, 2147483647.0);
  for (const char* op : {"add", "subtract", "multiply", "divide", "minimum", "maximum", "less", "equal"})
    for (const Fill& b : {any, integers(-2, 1)})
      for (const Fill& a : {any, integers(-2147483648.0, -2147483647.0)})
        cases.add({.op = op,
                   .inputs = {{.shape = {29, 37}, .fill = a, .dtype = DType::i32, .differentiable = false},
                              {.shape = {37}, .fill = b, .dtype = DType::i32, .differentiable = false}},
                   .tolerance = exact(),
                   .backward = false,
                   .degenerate = "whole numbers are often equal"});
  // The other integers, and a boolean beside anything.
  struct Kind {
    DType dtype;
    Fill fill;
  };
  const Kind kinds[] = {{DType::u8, integers(0, 255)},
                        {DType::u32, integers(0, 4294967295.0)},
                        {DType::u32, integers(0, 3)},
                        {DType::boolean, integers(0, 1)},
                        {DType::i32, integers(-3, 3)}};
  const auto add_integers = [&](const char* op, const Kind& a, const Kind& b, const Pair& p) {
    cases.add({.op = op,
               .inputs = {{.shape = p.a, .fill = a.fill, .dtype = a.dtype, .differentiable = false},
                          {.shape = p.b, .fill = b.fill, .dtype = b.dtype, .differentiable = false}},
               .tolerance = exact(),
               .backward = false,
               .degenerate = "whole numbers are often equal"});
  };
  const Kind truth = kinds[3];
  for (const Pair& p : {Pair{{29, 37}, {37}}, Pair{{5}, {5}}, Pair{{64, 16}, {64, 1}}}) {
    for (const char* op : {"add", "subtract", "multiply", "divide", "minimum", "maximum", "fmod", "remainder", "equal",
                           "not_equal", "less", "less_equal", "greater", "greater_equal"}) {
      const bool booleans = op != std::string_view("subtract") && op != std::string_view("divide") &&
                            op != std::string_view("fmod") && op != std::string_view("remainder");
      for (const Kind& kind : kinds) {
        if (kind.dtype != DType::i32 && (kind.dtype != DType::boolean || booleans)) add_integers(op, kind, kind, p);
        if (kind.dtype != DType::boolean) add_integers(op, kind, truth, p);
      }
    }
    for (const char* op : {"add", "multiply", "subtract", "less"})
      cases.add({.op = op,
                 .inputs = {{.shape = p.a, .fill = truth.fill, .dtype = truth.dtype, .differentiable = false},
                            {.shape = p.b, .fill = normal()}},
                 .tolerance = rounding(),
                 .backward_tolerance = summed,
                 .dtypes = kHalf,
                 .backward = op != std::string_view("less"),
                 .no_differences = op == std::string_view("less") ? "steps" : "",
                 .degenerate = op == std::string_view("less") ? "a comparison is 0 or 1" : ""});
  }
  for (const char* op : {"add", "subtract", "multiply", "divide", "minimum", "maximum", "less", "equal"})
    for (const Pair& p : {Pair{{113, 41}, {41}}, Pair{{257}, {257}}, Pair{{64, 16}, {16}}})
      cases.add({.op = op,
                 .inputs = {{.shape = p.a, .fill = integers(-9, 9), .dtype = DType::i32, .differentiable = false},
                            {.shape = p.b, .fill = integers(-9, 9), .dtype = DType::i32, .differentiable = false}},
                 .tolerance = exact(),
                 .backward = false,
                 .degenerate = "whole numbers are often equal"});
}
