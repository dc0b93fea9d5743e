#include "check/case.h"

LEMNOS_OP_CASES(pad) {
  struct Item {
    Shape shape;
    std::vector<int64_t> before, after;
  };
  const Item items[] = {{{}, {}, {}},
                        {{1}, {0}, {0}},
                        {{1}, {1}, {0}},
                        {{7}, {2}, {3}},
                        {{8}, {4}, {4}},
                        {{256}, {0}, {1}},
                        {{29, 37}, {0, 0}, {1, 0}},
                        {{29, 37}, {1, 1}, {1, 1}},
                        {{29, 36}, {2, 4}, {0, 8}},
                        {{29, 36}, {2, 0}, {1, 0}},
                        {{3, 5, 7}, {0, 1, 1}, {0, 1, 1}},
                        {{2, 3, 8, 8}, {0, 0, 1, 1}, {0, 0, 1, 1}},
                        {{2, 3, 8, 8}, {0, 0, 2, 4}, {0, 0, 2, 4}},
                        {{2, 3, 2, 3, 2}, {1, 0, 1, 2, 1}, {0, 1, 1, 0, 3}},
                        {{113, 41}, {0, 11}, {0, 37}},
                        {{200, 512}, {8, 0}, {8, 0}}};
  const char* around = "what stands around is all alike";
  for (const Item& item : items)
    for (const double value : {0.0, -2.5}) {
      cases.add({.op = "pad",
                 .inputs = {{.shape = item.shape}},
                 .attrs = {{"before", item.before}, {"after", item.after}, {"value", value}},
                 .tolerance = exact(),
                 .dtypes = kHalf,
                 .degenerate = around});
      for (const DType dtype : {DType::i32, DType::u8})
        cases.add({.op = "pad",
                   .inputs = {{.shape = item.shape, .fill = integers(0, 99), .dtype = dtype, .differentiable = false}},
                   .attrs = {{"before", item.before}, {"after", item.after}, {"value", value == 0 ? 0.0 : 7.0}},
                   .tolerance = exact(),
                   .backward = false,
                   .degenerate = around});
    }
  for (const Item& item :
       {Item{{0, 3}, {1, 0}, {1, 1}}, Item{{4, 0}, {1, 0}, {0, 1}}, Item{{0, 4, 1}, {0, 0, 0}, {1, 1, 0}}})
    cases.add({.op = "pad",
               .inputs = {{.shape = item.shape}},
               .attrs = {{"before", item.before}, {"after", item.after}, {"value", .25}},
               .tolerance = exact(),
               .note = "around nothing",
               .backward = false,
               .degenerate = "nothing but the fill"});
}
