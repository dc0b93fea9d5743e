#include "check/case.h"

LEMNOS_OP_CASES(transpose) {
  struct Item {
    Shape shape;
    std::vector<int64_t> axes;
  };
  const Item items[] = {{{1}, {0}},
                        {{7}, {0}},
                        {{7, 11}, {1, 0}},
                        {{7, 11}, {0, 1}},
                        {{32, 32}, {1, 0}},
                        {{31, 33}, {1, 0}},
                        {{36, 28}, {1, 0}},
                        {{4, 1023}, {1, 0}},
                        {{113, 41}, {1, 0}},
                        {{1, 37}, {1, 0}},
                        {{3, 5, 7}, {2, 1, 0}},
                        {{3, 5, 7}, {0, 2, 1}},
                        {{3, 5, 7}, {1, 0, 2}},
                        {{3, 5, 8}, {1, 0, 2}},
                        {{3, 8, 12}, {2, 0, 1}},
                        {{3, 8, 12}, {1, 2, 0}},
                        {{2, 7, 4, 8}, {0, 2, 1, 3}},  // heads
                        {{2, 7, 4, 8}, {0, 2, 3, 1}},
                        {{2, 3, 4, 5}, {3, 2, 1, 0}},  // NCHW to and fro
                        {{2, 8, 4, 4}, {0, 2, 3, 1}},
                        {{2, 3, 4, 5, 2}, {4, 2, 0, 3, 1}},
                        {{2, 3, 2, 4, 2, 4}, {5, 3, 1, 4, 2, 0}},
                        {{512, 500}, {1, 0}}};
  for (const Item& item : items) {
    cases.add({.op = "transpose",
               .inputs = {{.shape = item.shape}},
               .attrs = {{"axes", item.axes}},
               .tolerance = exact(),
               .dtypes = kHalf});
    for (const DType dtype : {DType::i32, DType::u8})
      cases.add({.op = "transpose",
                 .inputs = {{.shape = item.shape, .fill = integers(0, 99), .dtype = dtype, .differentiable = false}},
                 .attrs = {{"axes", item.axes}},
                 .tolerance = exact(),
                 .backward = false});
  }
}
