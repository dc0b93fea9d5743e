#include "check/case.h"

LEMNOS_OP_CASES(where) {
  struct Item {
    Shape condition, a, b;
  };
  const Item items[] = {{{}, {}, {}},
                        {{1}, {1}, {1}},
                        {{7}, {7}, {7}},
                        {{257}, {257}, {257}},
                        {{29, 37}, {29, 37}, {29, 37}},
                        {{29, 37}, {29, 37}, {}},
                        {{29, 37}, {}, {29, 37}},
                        {{29, 1}, {29, 40}, {40}},
                        {{37}, {29, 37}, {29, 1}},
                        {{113, 1}, {1, 41}, {}},
                        {{2, 1, 8}, {5, 1}, {2, 5, 8}},
                        {{11, 89}, {3, 11, 89}, {3, 1, 1}},
                        {{64, 1024}, {64, 1024}, {1024}}};
  const char* mask = "a gradient is zero where the other side was taken";
  for (const Item& item : items) {
    cases.add({.op = "where",
               .inputs = {{.shape = item.condition, .fill = integers(0, 1), .differentiable = false},
                          {.shape = item.a},
                          {.shape = item.b}},
               .tolerance = exact(),
               .backward_tolerance = summation(item.condition.elements() + item.a.elements() + item.b.elements()),
               .dtypes = kHalf,
               .degenerate = mask});
    for (const DType condition : {DType::boolean, DType::u8, DType::i32})
      for (const DType values : {DType::f32, DType::i32})
        cases.add(
            {.op = "where",
             .inputs = {{.shape = item.condition, .fill = integers(0, 1), .dtype = condition, .differentiable = false},
                        {.shape = item.a, .fill = integers(1, 99), .dtype = values},
                        {.shape = item.b, .fill = integers(-99, -1), .dtype = values}},
             .tolerance = exact(),
             .backward = false,
             .degenerate = item.a.elements() < 9 ? "few elements" : ""});
  }
}
