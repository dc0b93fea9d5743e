#include "check/case.h"
#include "lemnos/ops.h"

LEMNOS_OP_CASES(concat) {
  struct Item {
    std::vector<Shape> shapes;
    int64_t axis;
  };
  const Item items[] = {{{{1}}, 0},
                        {{{1}, {1}}, 0},
                        {{{7}, {11}}, 0},
                        {{{4}, {8}, {12}}, 0},
                        {{{3}, {5}, {1}, {2}}, 0},
                        {{{29, 37}, {29, 37}}, 1},
                        {{{29, 36}, {29, 4}}, 1},
                        {{{29, 1}, {29, 2}, {29, 3}, {29, 41}}, 1},
                        {{{29, 37}, {1, 37}}, 0},
                        {{{2, 3, 7}, {2, 5, 7}}, 1},
                        {{{2, 3, 8}, {2, 5, 8}, {2, 1, 8}}, 1},
                        {{{3, 5, 7}, {3, 5, 2}}, 2},
                        {{{2, 16, 8, 8}, {2, 8, 8, 8}}, 1},
                        {{{113, 41}, {113, 89}, {113, 11}, {113, 3}}, 1},
                        {{{128, 512}, {128, 512}}, 1},
                        {{{0, 4}, {3, 4}}, 0},
                        {{{5, 0}, {5, 1}}, 1},
                        {{{3, 0, 4}, {3, 1, 4}}, 1}};
  for (const Item& item : items)
    for (const DType dtype : {DType::f32, DType::i32, DType::u8}) {
      std::vector<Input> inputs;
      for (const Shape& shape : item.shapes)
        inputs.push_back({.shape = shape, .fill = integers(0, 99), .dtype = dtype});
      cases.add({.op = "concat",
                 .inputs = inputs,
                 .attrs = {{"axis", item.axis}},
                 .tolerance = exact(),
                 .dtypes = dtype == DType::f32 ? kHalf : std::vector<DType>{DType::f32},
                 .backward = dtype == DType::f32,
                 .degenerate = item.shapes[0].elements() == 1 ? "few elements" : ""});
    }
  const auto many = [&](const char* note, auto build) {
    std::vector<Input> inputs(7, Input{.shape = {5, 11}});
    cases.add({.op = "concat", .inputs = inputs, .tolerance = exact(), .note = note, .build = build});
  };
  many("more than one launch takes", [](Graph&, const std::vector<Value>& in) { return std::vector{concat(in, 1)}; });
  many("stack", [](Graph&, const std::vector<Value>& in) { return std::vector{stack(in, -1)}; });
}
