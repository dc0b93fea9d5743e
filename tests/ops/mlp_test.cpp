#include <cmath>

#include "check/case.h"
#include "lemnos/ops.h"

LEMNOS_OP_CASES(mlp) {
  struct Item {
    int64_t rows, in, width, hidden, out;
    const char* activation = "tanh";
  };
  const Tolerance chained = {.absolute = 5e-6, .relative = 2e-5, .reason = "products and functions in a row"};
  const Tolerance sums = {.absolute = 2e-5, .relative = 1e-4, .reason = "the same backward, then sums over all rows"};
  const auto deviation_of = [](const Item& i) { return i.width > 16 ? .15 : .4; };
  const auto add = [&](const Item& i, Tolerance forward, Tolerance backward, std::vector<DType> dtypes) {
    const double deviation = deviation_of(i);
    const int64_t weights = fused_mlp_weights(i.in, {.width = i.width, .hidden = i.hidden, .out = i.out});
    for (const bool keep : {true, false}) {
      if (!keep && dtypes[0] != DType::f32) continue;
      cases.add({.op = "mlp",
                 .inputs = {{.shape = {i.rows, i.in}}, {.shape = {weights}, .fill = normal(0, deviation)}},
                 .attrs = {{"width", i.width},
                           {"hidden", i.hidden},
                           {"out", i.out},
                           {"activation", i.activation},
                           {"keep_hidden", keep}},
                 .tolerance = forward,
                 .backward_tolerance = backward,
                 .dtypes = dtypes,
                 .no_differences = std::string(i.activation) == "relu" ? "ReLU has a kink at 0" : ""});
    }
  };
  // The matrix unit keeps halves between the layers: hidden values below 1, each rounded, meet `width` weights in every
  // layer after it. That the errors do not add up to more is what the normalised mean square error is for.
  const auto add_halves = [&](const Item& i) {
    for (const DType dtype : {DType::f16, DType::bf16}) {
      const double roundoff = dtype == DType::f16 ? 0x1p-11 : 0x1p-8;
      const double error = 4 * roundoff * deviation_of(i) * std::sqrt(static_cast<double>(i.width * i.hidden));
      const Tolerance rounded = {.absolute = error, .relative = 2e-5, .reason = "layers in halves, one after another"};
      Tolerance summed = rounded;
      summed.absolute *= 2;
      summed.relative = 4 * roundoff;
      add(i, rounded, summed, {dtype});
    }
  };
  for (const Item& i : {Item{1, 1, 4, 1, 1},
                        {1, 3, 4, 2, 7},
                        {7, 11, 8, 1, 3},
                        {29, 4, 16, 2, 4, "sigmoid"},
                        {31, 16, 16, 3, 1},
                        {32, 7, 32, 2, 3, "sigmoid"},
                        {33, 32, 32, 3, 8},
                        {113, 5, 20, 2, 5},
                        {127, 40, 24, 2, 4},
                        {128, 2, 64, 2, 3},
                        {41, 33, 64, 3, 37, "sigmoid"},
                        {37, 8, 128, 2, 16}})
    add(i, chained, sums, {DType::f32});
  for (const Item& i : {Item{1, 1, 4, 1, 1},
                        {7, 11, 8, 1, 3},
                        {29, 4, 16, 2, 4, "sigmoid"},
                        {31, 16, 16, 3, 1},
                        {67, 19, 20, 2, 7},
                        {70, 33, 64, 3, 10, "sigmoid"},
                        {293, 5, 16, 2, 3},  // more tiles than workgroups walk at once
                        {37, 8, 128, 1, 16}})
    add_halves(i);
  // More tiles than workgroups walk at once.
  add({2089, 3, 32, 2, 3}, chained, {.absolute = 2e-4, .relative = 2e-4, .reason = "sums over 2089 rows"},
      {DType::f32});
  for (const Item& i : {Item{67, 6, 16, 2, 3, "relu"}, {257, 10, 64, 4, 4, "relu"}})
    add(i, chained, sums, {DType::f32});

  // Whole numbers stay exact through two layers of ReLU, so every tile and tail is held bit for bit.
  for (const auto& [rows, in, width, out] : {std::array<int64_t, 4>{65, 9, 12, 5}, {130, 12, 32, 4}, {19, 31, 128, 3}})
    for (const bool half : {false, true})
      cases.add({.op = "mlp",
                 .inputs = {{.shape = {rows, in}, .fill = integers(-2, 2)},
                            {.shape = {fused_mlp_weights(in, {.width = width, .hidden = 2, .out = out})},
                             .fill = integers(-1, 1)}},
                 .attrs = {{"width", width}, {"hidden", 2}, {"out", out}, {"keep_hidden", 1}},
                 .tolerance = exact(),
                 .backward_tolerance = sums,
                 .note = "whole numbers",
                 .dtypes = {half ? DType::f16 : DType::f32},
                 .backward = !half,
                 .no_differences = "ReLU has a kink at 0"});
}
