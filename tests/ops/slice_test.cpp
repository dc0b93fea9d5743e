#include "check/case.h"
#include "lemnos/ops.h"

LEMNOS_OP_CASES(slice) {
  struct Item {
    Shape shape;
    std::vector<int64_t> begin, end;
  };
  const Item items[] = {{{1}, {0}, {1}},
                        {{7}, {2}, {5}},
                        {{257}, {1}, {257}},
                        {{256}, {4}, {252}},
                        {{29, 37}, {0, 0}, {29, 37}},
                        {{29, 37}, {3, 0}, {11, 37}},
                        {{29, 37}, {0, 5}, {29, 6}},
                        {{29, 37}, {28, 1}, {29, 30}},
                        {{41, 64}, {0, 32}, {41, 64}},
                        {{41, 64}, {7, 4}, {11, 12}},
                        {{3, 5, 7}, {0, 2, 0}, {3, 4, 7}},
                        {{3, 5, 8}, {1, 0, 4}, {3, 5, 8}},
                        {{2, 3, 4, 5}, {1, 1, 1, 1}, {2, 3, 4, 5}},
                        {{2, 3, 5, 2, 3, 4}, {0, 1, 1, 0, 1, 1}, {2, 3, 4, 2, 3, 4}},
                        {{113, 1024}, {10, 512}, {110, 1024}}};
  const char* small = "a gradient is zero where nothing was taken, and one element is all alike";
  for (const Item& item : items) {
    const Attrs attrs = {{"begin", item.begin}, {"end", item.end}};
    cases.add({.op = "slice",
               .inputs = {{.shape = item.shape}},
               .attrs = attrs,
               .tolerance = exact(),
               .dtypes = kHalf,
               .degenerate = small});
    for (const DType dtype : {DType::i32, DType::u8})
      cases.add({.op = "slice",
                 .inputs = {{.shape = item.shape, .fill = integers(0, 99), .dtype = dtype, .differentiable = false}},
                 .attrs = attrs,
                 .tolerance = exact(),
                 .backward = false,
                 .degenerate = small});
  }
  cases.add({.op = "slice",
             .inputs = {{.shape = {7, 29}}},
             .tolerance = exact(),
             .note = "split, and a place counted from the end",
             .degenerate = small,
             .build = [](Graph&, const std::vector<Value>& in) -> std::vector<Value> {
               const std::vector<Value> parts = split(in[0], {11, 13, 5}, -1);
               return {slice_axis(parts[1], 1, 2, -3), parts[0], parts[2]};
             }});
}
