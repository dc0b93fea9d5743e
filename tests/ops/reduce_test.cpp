#include "check/case.h"
#include "lemnos/ops.h"

LEMNOS_OP_CASES(reduce) {
  struct Item {
    Shape shape;
    std::vector<int64_t> axes;
  };
  const Item items[] = {{{1}, {}},
                        {{}, {}},
                        {{7}, {}},
                        {{32}, {}},
                        {{33}, {}},
                        {{1023}, {}},
                        {{113, 41}, {1}},
                        {{113, 41}, {0}},
                        {{41, 128}, {1}},
                        {{41, 127}, {1}},
                        {{41, 129}, {1}},
                        {{41, 128}, {0}},
                        {{300, 10}, {0}},  // a small bias: cut in chunks
                        {{1024, 12}, {0}},
                        {{29, 10}, {1}},  // short rows
                        {{29, 32}, {1}},
                        {{29, 33}, {1}},
                        {{5, 7, 11}, {1}},
                        {{5, 7, 12}, {1}},
                        {{5, 7, 11}, {0, 2}},
                        {{5, 7, 11}, {1, 2}},
                        {{3, 5, 7, 8}, {0, 2, 3}},  // per channel
                        {{3, 5, 7, 8}, {0, 2}},
                        {{3, 5, 2, 7, 3}, {0, 2, 4}},
                        {{5, 1, 7}, {1}},  // an axis of one
                        {{300, 3, 5}, {0}},
                        {{2, 300, 4}, {1}},
                        {{9000}, {}},  // a long row: cut in chunks
                        {{3, 8200}, {1}},
                        {{2, 8197}, {1}},
                        {{256, 1000}, {0}},
                        {{600, 300}, {1}},
                        {{1 << 18}, {}}};
  // Types differ in how elements are read and written, which small shapes show.
  const std::vector<DType> kSingle = {DType::f32};
  struct Function {
    const char* name;
    Fill fill;
    const char* no_differences;
  };
  const Function functions[] = {{"sum", integers(-4, 4), ""},
                                {"reduce_max", normal(), "a kink where two come close"},
                                {"reduce_min", normal(), "a kink where two come close"}};
  for (const Function& f : functions)
    for (const Item& item : items)
      for (const int keep : {0, 1}) {
        const bool small = item.shape.elements() < 2000;
        if (keep == 1 && (!small || &f != functions)) continue;
        if (!small && &f == functions + 2) continue;
        cases.add({.op = f.name,
                   .inputs = {{.shape = item.shape, .fill = f.fill}},
                   .attrs = {{"axes", item.axes}, {"keep", keep}},
                   .tolerance = exact(),
                   .dtypes = small || &f == functions ? kHalf : kSingle,
                   .no_differences = f.no_differences,
                   .degenerate = f.name[0] == 'r'    ? "the gradient goes to the extreme alone"
                                 : item.axes.empty() ? "the gradient of a whole sum is the same everywhere"
                                                     : ""});
      }
  for (const Item& item : items) {
    const int64_t n = item.shape.elements();
    cases.add({.op = "mean",
               .inputs = {{.shape = item.shape, .fill = normal(1)}},
               .attrs = {{"axes", item.axes}},
               .tolerance = summation(n),
               .dtypes = n < 2000 ? kHalf : kSingle,
               .degenerate = item.axes.empty() ? "the gradient of a whole mean is the same everywhere" : ""});
    cases.add(
        {.op = "norm",
         .inputs = {{.shape = item.shape, .fill = normal(), .keep_from_zero = .05}},
         .attrs = {{"axes", item.axes}},
         .tolerance = {.absolute = 1e-6, .relative = 1e-5},
         .backward_tolerance = {.absolute = 1e-6, .relative = 1e-5, .ulps = 2, .reason = "four nodes, each rounded"},
         .dtypes = n < 2000 ? kHalf : kSingle});
  }
  cases.add({.op = "norm",
             .inputs = {{.shape = {7, 37}, .fill = constant(0)}},
             .attrs = {{"axes", {1}}},
             .tolerance = exact(),
             .note = "the gradient at 0 is 0",
             .no_differences = "a kink",
             .degenerate = "the norm of zeros is 0"});
  cases.add({.op = "reduce_max",
             .inputs = {{.shape = {29, 37}, .fill = integers(0, 2)}},
             .attrs = {{"axes", {1}}},
             .tolerance = exact(),
             .backward_tolerance = rounding(),
             .note = "ties share the gradient",
             .no_differences = "ties",
             .degenerate = "the largest of many small whole numbers is often the same"});
  for (const double average : {0.0, 1000.0})
    for (const Item& item : items)
      if (item.shape.elements() > 1 && item.shape.elements() < 9000 && item.shape[0] > 1 && item.shape.rank() < 5 &&
          !(item.shape.rank() == 3 && item.shape[1] == 1))
        cases.add({.op = "variance",
                   .inputs = {{.shape = item.shape, .fill = normal(average)}},
                   .tolerance = custom(5e-5, 2e-4, "of a mean of 1000 the deviations keep 3e-5"),
                   .note = "a large mean must not cancel",
                   .build = [axes = item.axes](Graph&, const std::vector<Value>& in) -> std::vector<Value> {
                     return {variance(in[0], axes)};
                   }});
  // Of variables in rows; sums of products of deviations.
  for (const Shape& shape : {Shape{3, 11}, Shape{5, 2}, Shape{1, 7}, Shape{29, 37}, Shape{13}}) {
    const int64_t n = shape[shape.rank() - 1];
    const Input x = {.shape = shape, .fill = normal(1)};
    const Input weights = {.shape = {n}, .fill = uniform(.5, 2)};
    const Input counts = {.shape = {n}, .fill = integers(2, 4), .dtype = DType::i32, .differentiable = false};
    const auto add = [&](const char* note, std::vector<Input> inputs, Build build, const char* op = "covariance") {
      cases.add({.op = op,
                 .inputs = std::move(inputs),
                 .tolerance = custom(2e-5, 2e-5, "products of deviations from a mean, summed and divided"),
                 .backward_tolerance = custom(1e-4, 1e-4, "the same twice over"),
                 .note = note,
                 .degenerate = "one number, or symmetric",
                 .no_huge = "squares of such numbers are past the type",
                 .build = std::move(build)});
    };
    add("plain", {x}, [](Graph&, const std::vector<Value>& in) { return std::vector{covariance(in[0])}; });
    add("weights", {x, weights},
        [](Graph&, const std::vector<Value>& in) { return std::vector{covariance(in[0], {.weights = in[1]})}; });
    add("counts and weights", {x, counts, weights}, [](Graph&, const std::vector<Value>& in) {
      return std::vector{covariance(in[0], {.correction = 0, .counts = in[1], .weights = in[2]})};
    });
    if (shape.rank() == 2 && n > 2)
      add(
          "of different scales", {x},
          [](Graph&, const std::vector<Value>& in) { return std::vector{correlation(in[0])}; }, "correlation");
  }
}
