#include "check/case.h"

LEMNOS_OP_CASES(loss) {
  const Shape shapes[] = {{1},    {3},    {4},    {5},    {7, 11}, {29, 37},  {113, 41}, {2, 3, 5, 7},
                          {4095}, {4096}, {4097}, {8192}, {8193},  {89, 113}, {3, 4096}, {128, 1023}};
  struct Function {
    const char* name;
    Fill p, t;
    const char* kink = "";
  };
  const Function functions[] = {
      {"mse_loss", normal(), normal()},
      {"l1_loss", normal(), normal(), "kink where p = t"},
      {"huber_loss", normal(0, 2), normal()},
      {"smooth_l1_loss", normal(0, 2), normal()},
      {"log_cosh_loss", normal(0, 2), normal()},
      {"binary_cross_entropy", uniform(.01, .99), uniform(0, 1)},
      {"binary_cross_entropy_with_logits", normal(0, 3), integers(0, 1)},
      {"kl_divergence", uniform(-4, 0), uniform(0, 1)},
      {"hinge_loss", normal(0, 2), integers(-1, 1), "kink where t p = 1"},
      {"squared_hinge_loss", normal(0, 2), integers(-1, 1)},
      {"poisson_log_loss", normal(), integers(0, 5)},
      {"poisson_loss", uniform(.1, 5), integers(0, 5)},
      {"focal_loss", normal(0, 2), integers(0, 1)},
  };
  for (const Function& f : functions)
    for (const char* reduction : {"mean", "sum", "none"})
      for (const Shape& shape : shapes) {
        if (shape.elements() > 10000 && std::string(reduction) == "sum") continue;
        cases.add({.op = f.name,
                   .inputs = {{.shape = shape, .fill = f.p}, {.shape = shape, .fill = f.t, .differentiable = false}},
                   .attrs = {{"reduction", reduction}},
                   .tolerance = transcendental(),
                   .no_differences = f.kink,
                   .degenerate = shape.elements() <= 4 ? "hinge and hard targets leave few different numbers" : ""});
      }

  // Small integers: every partial sum is exact, so the order cannot matter.
  for (const Shape& shape : shapes)
    for (const char* function : {"mse_loss", "l1_loss"})
      cases.add({.op = function,
                 .inputs = {{.shape = shape, .fill = integers(-3, 3)},
                            {.shape = shape, .fill = integers(-3, 3), .differentiable = false}},
                 .attrs = {{"reduction", "sum"}},
                 .tolerance = exact(),
                 .note = "integers are exact",
                 .backward = false,
                 .degenerate = "few different numbers"});

  // Both operands have a gradient where the loss is a function of their difference.
  for (const char* function : {"mse_loss", "huber_loss", "smooth_l1_loss", "log_cosh_loss"})
    cases.add({.op = function,
               .inputs = {{.shape = {29, 37}}, {.shape = {29, 37}}},
               .tolerance = transcendental(),
               .note = "gradient of the target"});

  const auto extreme = [&](const char* op, Fill p, Fill t, const char* note) {
    cases.add({.op = op,
               .inputs = {{.shape = {7, 37}, .fill = p}, {.shape = {7, 37}, .fill = t, .differentiable = false}},
               .attrs = {{"reduction", "none"}},
               .tolerance = transcendental(),
               .note = note,
               .no_differences = "the function is flat or vast here",
               .degenerate = "one value on a side"});
  };
  extreme("binary_cross_entropy_with_logits", integers(-200, 200), integers(0, 1), "exp(200) would be inf");
  extreme("focal_loss", integers(-200, 200), integers(0, 1), "exp(200) would be inf");
  extreme("log_cosh_loss", integers(-200, 200), integers(0, 1), "cosh(200) would be inf");
  extreme("log_cosh_loss", uniform(-1e-3, 1e-3), constant(0), "relative accuracy near zero");
  extreme("binary_cross_entropy", integers(0, 1), integers(0, 1), "logarithms of 0 stop at -100");
  extreme("kl_divergence", uniform(-4, 0), constant(0), "0 log 0 is 0");
}
