#include "check/case.h"
#include "lemnos/ops.h"

LEMNOS_OP_CASES(attention) {
  struct Item {
    Shape q, k, v;
    bool inside = false;
  };
  const Item items[] = {{{1, 4}, {1, 4}, {1, 4}},
                        {{7, 8}, {11, 8}, {11, 4}},
                        {{11, 8}, {7, 8}, {7, 12}},
                        {{3, 7, 4}, {3, 7, 4}, {3, 7, 4}},
                        {{2, 3, 8, 16}, {2, 3, 8, 16}, {2, 3, 8, 16}},
                        {{2, 3, 9, 16}, {2, 3, 9, 16}, {2, 3, 9, 16}},
                        {{2, 9, 3, 16}, {2, 9, 3, 16}, {2, 9, 3, 16}, true},
                        {{2, 7, 3, 8}, {2, 11, 3, 8}, {2, 11, 3, 4}, true},
                        {{1, 63, 2, 32}, {1, 63, 2, 32}, {1, 63, 2, 32}, true},
                        {{1, 65, 1, 64}, {1, 65, 1, 64}, {1, 65, 1, 64}, true},
                        {{2, 29, 20}, {2, 37, 20}, {2, 37, 28}},
                        {{1, 41, 128}, {1, 41, 128}, {1, 41, 128}},
                        {{1, 2, 4, 32}, {1, 113, 4, 32}, {1, 113, 4, 32}, true}};
  const Tolerance sums = {.absolute = 5e-6, .relative = 2e-5, .reason = "a softmax, then a sum under its weights"};
  for (const Item& i : items)
    for (const bool causal : {false, true}) {
      const bool one = i.q.elements() == 4;
      cases.add({.op = "attention",
                 .inputs = {{.shape = i.q}, {.shape = i.k}, {.shape = i.v}},
                 .attrs = {{"causal", causal}, {"heads_inside", i.inside}},
                 .tolerance = sums,
                 .backward_tolerance = {.absolute = 2e-5, .relative = 5e-5, .reason = "sums over all keys or queries"},
                 .dtypes = i.q.elements() < 1000 ? kHalf : std::vector{DType::f32},
                 .degenerate = one      ? "a single weight is 1"
                               : causal ? "the keys past the last query are not seen"
                                        : ""});
    }
  cases.add({.op = "attention",
             .inputs = {{.shape = {2, 17, 8}, .fill = normal(20, 5)},
                        {.shape = {2, 17, 8}, .fill = normal(20, 5)},
                        {.shape = {2, 17, 8}}},
             .tolerance = custom(2e-3, 1e-3, "scores of 1000 keep 6e-5, which exp turns into a relative error"),
             .note = "the largest score must be taken out",
             .no_differences = "differences of 1e-6 drown in scores of 1000",
             .degenerate = "one weight is nearly 1"});
  // Products that leave the range of f16, and scores that do not.
  cases.add({.op = "scaled_dot_product_attention",
             .inputs = {{.shape = {2, 5, 6}, .fill = constant(150)},
                        {.shape = {2, 5, 6}, .fill = constant(150)},
                        {.shape = {2, 5, 6}}},
             .tolerance = custom(2e-5, 2e-5, "a mean"),
             .dtypes = kHalf,
             .backward = false,
             .degenerate = "every weight is the same",
             .build = [](Graph&, const std::vector<Value>& in) -> std::vector<Value> {
               return {scaled_dot_product_attention(in[0], in[1], in[2], {.fused = false})};
             }});
  // The same by smaller ops, and rows that only they take.
  for (const auto& [shape, causal] :
       {std::pair{Shape{2, 3, 9, 16}, true}, {{2, 9, 8}, false}, {{2, 5, 2, 7}, true}, {{5, 132}, true}})
    cases.add({.op = "scaled_dot_product_attention",
               .inputs = {{.shape = shape}, {.shape = shape}, {.shape = shape}},
               .tolerance = custom(2e-5, 2e-5, "a product, a softmax, a product"),
               .build = [inside = shape.rank() == 4, hidden = causal](
                            Graph&, const std::vector<Value>& in) -> std::vector<Value> {
                 return {scaled_dot_product_attention(in[0], in[1], in[2],
                                                      {.causal = hidden, .heads_inside = inside, .fused = false})};
               }});
}
