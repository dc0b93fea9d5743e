#include <cmath>

#include "check/case.h"
#include "lemnos/ops.h"

LEMNOS_OP_CASES(argmax) {
  struct Item {
    Shape shape;
    int64_t axis;
  };
  const Item items[] = {{{1}, 0},        {{7}, 0},         {{1023}, 0},     {{29, 1}, 1},    {{113, 10}, 1},
                        {{113, 10}, 0},  {{41, 31}, 1},    {{41, 32}, 1},   {{41, 33}, 1},   {{29, 255}, 1},
                        {{29, 256}, 1},  {{29, 257}, 1},   {{5, 7, 11}, 1}, {{5, 7, 11}, 0}, {{5, 7, 89}, -1},
                        {{3, 50257}, 1}, {{200, 1000}, -1}};
  for (const Item& item : items)
    for (const Fill& fill : {normal(), integers(-2, 2)})
      cases.add({.op = "argmax",
                 .inputs = {{.shape = item.shape, .fill = fill, .differentiable = false}},
                 .attrs = {{"axis", item.axis}},
                 .tolerance = exact(),
                 .note = "the first of equals",
                 .dtypes = kHalf,
                 .backward = false,
                 .degenerate = "with equals, the first places win mostly"});
  cases.add({.op = "argmax",
             .inputs = {{.shape = {37, 41}, .differentiable = false}},
             .tolerance = exact(),
             .note = "argmin",
             .backward = false,
             .build = [](Graph&, const std::vector<Value>& in) { return std::vector{argmin(in[0], 1, true)}; }});
  for (const Shape& shape : {Shape{37, 41}, Shape{29, 10}, Shape{5, 1024}})
    cases.add({.op = "argmax",
               .inputs = {{.shape = shape, .fill = integers(-2, 4), .differentiable = false},
                          {.shape = {1}, .fill = constant(std::nan("")), .differentiable = false}},
               .tolerance = exact(),
               .note = "the first NaN, where there is one",
               .backward = false,
               .build = [](Graph&, const std::vector<Value>& in) {
                 return std::vector{argmax(where(greater(in[0], in[0] * 0.f + 3.f), in[1], in[0]), 1)};
               }});
}
