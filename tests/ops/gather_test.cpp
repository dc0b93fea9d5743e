#include "check/case.h"
#include "lemnos/ops.h"

LEMNOS_OP_CASES(gather) {
  struct Item {
    Shape x, indices;
  };
  const Item items[] = {{{1}, {1}},          {{7}, {11}},        {{7, 1}, {29}},        {{29, 3}, {7}},
                        {{29, 4}, {7}},      {{29, 5}, {37}},    {{65, 64}, {8, 16}},   {{11, 2, 6}, {13}},
                        {{11, 3, 3}, {13}},  {{113, 41}, {89}},  {{41, 128}, {113}},    {{2, 127}, {41}},
                        {{1000, 129}, {37}}, {{300, 784}, {64}}, {{257, 16}, {3, 5, 7}}};
  const auto input = [](const Shape& shape) { return Input{.shape = shape, .fill = integers(-9, 9)}; };
  // One below and one past the rows: such rows are filled.
  const auto indices = [](const Shape& shape, int64_t rows) {
    return Input{.shape = shape, .fill = integers(-1, rows), .dtype = DType::i32, .differentiable = false};
  };
  const char* few = "few rows may all be fillings or alike, and a gradient reaches only the rows that are read";
  for (const Item& item : items) {
    cases.add({.op = "gather",
               .inputs = {input(item.x), indices(item.indices, item.x[0])},
               .attrs = {{"fill", 5.0}},
               .tolerance = exact(),
               .backward_tolerance = summation(item.indices.elements()),
               .dtypes = kHalf,
               .degenerate = few});
    cases.add({.op = "gather",
               .inputs = {input(item.x), indices(item.indices, item.x[0])},
               .attrs = {{"scale", 0.5}, {"shift", 0.25}},
               .tolerance = exact(),
               .backward_tolerance = summation(item.indices.elements()),
               .degenerate = few});
    cases.add({.op = "gather",
               .inputs = {{.shape = item.x, .fill = integers(0, 255), .dtype = DType::u8, .differentiable = false},
                          indices(item.indices, item.x[0])},
               .attrs = {{"scale", 1.0 / 256}, {"shift", -0.5}},
               .tolerance = exact(),
               .backward = false,
               .degenerate = few});
    cases.add({.op = "gather",
               .inputs = {{.shape = item.x, .fill = integers(0, 9), .dtype = DType::i32, .differentiable = false},
                          indices(item.indices, item.x[0])},
               .attrs = {{"fill", -1.0}},
               .tolerance = exact(),
               .backward = false,
               .degenerate = few});
    std::vector<int64_t> updates(item.indices.begin(), item.indices.end());
    updates.insert(updates.end(), item.x.begin() + 1, item.x.end());
    cases.add({.op = "scatter_add",
               .inputs = {input(Shape(updates)), indices(item.indices, item.x[0])},
               .attrs = {{"rows", item.x[0]}},
               .tolerance = exact(),
               .dtypes = kHalf,
               .degenerate = few});
    for (const char* op : {"scatter_max", "scatter_min"})
      cases.add({.op = op,
                 .inputs = {input(Shape(updates)), indices(item.indices, item.x[0])},
                 .attrs = {{"rows", item.x[0]}},
                 .tolerance = exact(),
                 .backward_tolerance = summation(item.indices.elements()),
                 .no_differences = "a kink where elements are equal",
                 .degenerate = few});
    if (item.indices.elements() > 89) continue;
    const auto product = [&](Fill fill, Tolerance forward, const char* no_differences) {
      cases.add({.op = "scatter_multiply",
                 .inputs = {{.shape = Shape(updates), .fill = fill}, indices(item.indices, item.x[0])},
                 .attrs = {{"rows", item.x[0]}},
                 .tolerance = forward,
                 .backward_tolerance = custom(1e-5, 1e-5, "a quotient of products of up to 89"),
                 .dtypes = kHalf,
                 .no_differences = no_differences,
                 .degenerate = few});
    };
    product(uniform(.5, 1.5), rounding(128), "");
    product(integers(-1, 1), exact(), "second derivatives miss pairs of zeros in a row");
  }
  for (const int64_t axis : {0, 1, 2})
    cases.add({.op = "index_select",
               .inputs = {{.shape = {5, 7, 11}, .fill = integers(-99, 99)},
                          {.shape = {13}, .fill = integers(0, 4), .dtype = DType::i32, .differentiable = false}},
               .tolerance = exact(),
               .backward_tolerance = summation(13),
               .build = [axis](Graph&, const std::vector<Value>& in) -> std::vector<Value> {
                 return {index_select(in[0], in[1], axis)};
               }});
  // Points inside, at the ends and far outside.
  const auto sampled = [&](const Shape& x, const Shape& grid, GridOptions options, double reach) {
    cases.add({.op = "grid_sample",
               .inputs = {{.shape = x}, {.shape = grid, .fill = uniform(-reach, reach)}},
               .tolerance = custom(1e-5, 1e-5, "a coordinate of 20 keeps 2e-6 of an element"),
               .backward_tolerance = custom(1e-4, 1e-4, "sums of such over all points"),
               .note = options.mode == GridMode::nearest   ? "nearest"
                       : options.mode == GridMode::bicubic ? "bicubic"
                                                           : "bilinear",
               .no_differences = "kinks between elements and where it mirrors",
               .degenerate = "nothing is outside",
               .no_specials = "a point at infinity is no place",
               .build = [options](Graph&, const std::vector<Value>& in) -> std::vector<Value> {
                 return {grid_sample(in[0], in[1], options)};
               }});
  };
  for (const GridMode mode : {GridMode::bilinear, GridMode::nearest, GridMode::bicubic})
    for (const GridPadding padding : {GridPadding::zeros, GridPadding::border, GridPadding::reflection})
      for (const bool corners : {false, true}) {
        const GridOptions options{.mode = mode, .padding = padding, .align_corners = corners};
        sampled({2, 3, 5, 7}, {2, 4, 3, 2}, options, 1.3);
        if (mode != GridMode::bicubic) sampled({2, 2, 3, 4, 5}, {2, 1, 7, 2, 3}, options, 4);
      }
  sampled({1, 5, 1, 1}, {1, 3, 1, 2}, {.padding = GridPadding::reflection, .align_corners = true}, 3);
  cases.add({.op = "grid_sample",
             .inputs = {{.shape = {2, 3, 8, 8}}, {.shape = {2, 3, 5, 2}, .fill = uniform(.05, .2)}},
             .tolerance = custom(1e-5, 1e-5, "four products"),
             .backward_tolerance = custom(1e-4, 1e-4, "sums over all points"),
             .note = "between two neighbours of an axis",
             .dtypes = kHalf,
             .no_specials = "a point at infinity is no place",
             .build = [](Graph&, const std::vector<Value>& in) -> std::vector<Value> {
               return {grid_sample(in[0], in[1], {.mode = GridMode::bicubic, .align_corners = true})};
             }});
  cases.add({.op = "gather",
             .inputs = {{.shape = {9, 4}}, {.shape = {0}, .dtype = DType::i32, .differentiable = false}},
             .tolerance = exact(),
             .note = "no rows: the gradient is zero",
             .degenerate = "nothing is gathered"});
}
