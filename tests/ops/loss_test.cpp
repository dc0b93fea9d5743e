#include "check/case.h"
#include "lemnos/ops.h"

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
        if (shape.elements() > 1300 && std::string(reduction) != "mean") continue;
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

  // Losses of rows, built from other ops.
  const auto rows = [&](const char* name, std::vector<Input> inputs, const char* kink, Build build,
                        Tolerance tolerance = transcendental()) {
    cases.add({.op = name,
               .inputs = std::move(inputs),
               .tolerance = tolerance,
               .no_differences = kink,
               .degenerate = "few rows",
               .build = std::move(build)});
  };
  for (const Shape& shape :
       {Shape{1, 3}, Shape{7, 11}, Shape{29, 37}, Shape{2, 3, 41}, Shape{113, 7}, Shape{64, 64}, Shape{5, 127},
        Shape{5, 128}, Shape{5, 129}, Shape{89, 1}, Shape{11, 1000}, Shape{300, 10}}) {
    const Input x = {.shape = shape};
    const Shape per_row = shape.without(shape.rank() - 1);
    rows("cosine_similarity", {x, x}, "",
         [](Graph&, const std::vector<Value>& v) { return std::vector{cosine_similarity(v[0], v[1])}; });
    rows("cosine_embedding_loss", {x, x, {.shape = per_row, .fill = constant(1), .differentiable = false}}, "",
         [](Graph&, const std::vector<Value>& v) { return std::vector{cosine_embedding_loss(v[0], v[1], v[2])}; });
    rows("cosine_embedding_loss", {x, x, {.shape = per_row, .fill = constant(-1), .differentiable = false}},
         "kink at the margin", [](Graph&, const std::vector<Value>& v) {
           return std::vector{cosine_embedding_loss(v[0], v[1], v[2], .1f, Reduction::none)};
         });
    rows(
        "triplet_margin_loss", {x, x, x}, "kink at the margin",
        [](Graph&, const std::vector<Value>& v) {
          return std::vector{triplet_margin_loss(v[0], v[1], v[2], 1, Reduction::none)};
        },
        custom(1e-5, 1e-5, "the difference of two distances near 45, each right to an ulp of it"));
    rows(
        "triplet_margin_loss", {x, x, x}, "kink at the margin",
        [](Graph&, const std::vector<Value>& v) {
          return std::vector{triplet_margin_loss(v[0], v[1], v[2], .5f, Reduction::none, true)};
        },
        custom(1e-5, 1e-5, "the difference of two distances near 45, each right to an ulp of it"));
    rows("categorical_hinge", {x, {.shape = shape, .fill = uniform(0, .5), .differentiable = false}},
         "kink where classes are equal",
         [](Graph&, const std::vector<Value>& v) { return std::vector{categorical_hinge(v[0], v[1])}; });
  }

  for (const Shape& shape : {Shape{5}, Shape{7, 11}, Shape{2, 3, 4}, Shape{29, 17}})
    for (const Reduction reduction : {Reduction::none, Reduction::mean, Reduction::sum})
      rows("multilabel_margin_loss",
           {{.shape = shape}, {.shape = shape, .fill = integers(-1, 3), .dtype = DType::i32, .differentiable = false}},
           "kink at the margin", [reduction](Graph&, const std::vector<Value>& v) {
             return std::vector{multilabel_margin_loss(v[0], v[1], reduction)};
           });

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
  for (const Shape& shape : {Shape{7}, {29, 37}}) {
    const std::vector<Input> pair = {{.shape = shape}, {.shape = shape, .fill = normal(3, 2)}};
    const Tolerance sums = custom(1e-5, 2e-5, "a quotient, or a root, of sums over all elements");
    cases.add({.op = "r2_score",
               .inputs = pair,
               .tolerance = sums,
               .degenerate = "one number",
               .build = [](Graph&, const std::vector<Value>& in) { return std::vector{r2_score(in[0], in[1])}; }});
    cases.add({.op = "root_mean_square_error",
               .inputs = pair,
               .tolerance = sums,
               .degenerate = "one number",
               .build = [](Graph&, const std::vector<Value>& in) {
                 return std::vector{root_mean_square_error(in[0], in[1])};
               }});
    cases.add(
        {.op = "elastic_penalty",
         .inputs = {{.shape = shape, .keep_from_zero = 1e-3}},
         .tolerance = sums,
         .degenerate = "one number",
         .build = [](Graph&, const std::vector<Value>& in) { return std::vector{elastic_penalty(in[0], .5f, .25f)}; }});
  }
}
