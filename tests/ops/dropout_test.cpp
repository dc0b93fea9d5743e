#include "check/case.h"

LEMNOS_OP_CASES(dropout) {
  const Input state = {.shape = {32}, .fill = integers(0, 1 << 30), .dtype = DType::u32, .differentiable = false};
  const auto add = [&](const Shape& shape, double rate, int64_t per_mask, const char* degenerate = "") {
    cases.add({.op = "dropout",
               .inputs = {{.shape = shape}, state},
               .attrs = {{"rate", rate}, {"seed", 7}, {"stream", 3}, {"per_mask", per_mask}},
               .tolerance = rounding(.5),
               .dtypes = kHalf,
               .degenerate = degenerate});
  };
  const Shape shapes[] = {{1},          {3},       {4},   {5},   {7, 11}, {29, 37},  {113, 41},
                          {2, 3, 5, 7}, {64, 128}, {255}, {256}, {257},   {89, 113}, {64, 1023}};
  for (const Shape& shape : shapes) {
    const char* few = shape.elements() <= 5 ? "so few elements may all be dropped" : "";
    add(shape, .2, 1, few);
    add(shape, .5, 1, few);
    add(shape, .5, 7, shape.elements() <= 400 ? "few masks" : "");
  }
  add({29, 37}, 0, 1);
  add({29, 37}, .999, 1, "nearly everything is dropped");
  add({113, 113}, .9999999, 1, "everything is dropped");
  add({4, 8, 7, 11}, .3, 77);
}
