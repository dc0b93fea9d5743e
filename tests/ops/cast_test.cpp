#include "check/case.h"

LEMNOS_OP_CASES(cast) {
  const Shape shapes[] = {{},       {1},       {2},       {3},   {4},   {5},       {7, 11},
                          {29, 37}, {113, 41}, {2, 3, 5}, {256}, {257}, {64, 1023}};
  const DType all[] = {DType::f32, DType::f16, DType::bf16, DType::i32, DType::u32, DType::u8, DType::boolean};
  const char* kinds = "a narrow type makes many numbers one";
  for (const Shape& shape : shapes)
    for (const DType to : all) {
      cases.add(
          {.op = "cast",
           .inputs = {{.shape = shape, .fill = to == DType::u8 || to == DType::u32 ? uniform(0, 255) : normal(0, 9)}},
           .attrs = {{"dtype", to_string(to)}},
           .tolerance = exact(),
           .dtypes = kHalf,
           .backward = is_floating(to),
           .no_differences = to == DType::f32 ? "" : "steps",
           .degenerate = kinds});
      for (const DType from : {DType::i32, DType::u32, DType::u8, DType::boolean}) {
        if (shape.elements() > 2000) continue;
        const Fill fill = from == DType::boolean ? integers(0, 1) : integers(from == DType::i32 ? -300 : 0, 255);
        cases.add({.op = "cast",
                   .inputs = {{.shape = shape,
                               .fill = to == DType::u32 ? integers(0, from == DType::boolean ? 1 : 255) : fill,
                               .dtype = from,
                               .differentiable = false}},
                   .attrs = {{"dtype", to_string(to)}},
                   .tolerance = exact(),
                   .backward = false,
                   .degenerate = kinds});
      }
    }
  // Past the ends of the range.
  for (const DType to : all) {
    cases.add({.op = "cast",
               .inputs = {{.shape = {29, 37}, .fill = uniform(-6e9, 6e9)}},
               .attrs = {{"dtype", to_string(to)}},
               .tolerance = exact(),
               .backward = false,
               .degenerate = kinds});
    for (const DType from : {DType::i32, DType::u32})
      cases.add(
          {.op = "cast",
           .inputs = {{.shape = {29, 37},
                       .fill = from == DType::i32 ? integers(-2147483648.0, 2147483647.0) : integers(0, 4294967295.0),
                       .dtype = from,
                       .differentiable = false}},
           .attrs = {{"dtype", to_string(to)}},
           .tolerance = to == DType::f32 ? rounding(1) : exact(),
           .backward = false,
           .degenerate = kinds});
  }
  for (const DType to : {DType::f16, DType::bf16})
    cases.add({.op = "cast",
               .inputs = {{.shape = {29, 37}, .fill = normal(0, 1e5)}},
               .attrs = {{"dtype", to_string(to)}},
               .tolerance = exact(),
               .note = "what f16 cannot hold becomes infinite",
               .backward = false});
}
