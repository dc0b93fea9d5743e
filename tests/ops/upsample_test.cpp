#include "check/case.h"

LEMNOS_OP_CASES(upsample) {
  struct Item {
    Shape x;
    std::vector<int64_t> size;
  };
  const Item items[] = {{{1, 1, 1, 1}, {1, 1}},     {{1, 1, 1, 1}, {3, 5}},    {{2, 3, 4, 4}, {8, 8}},
                        {{2, 3, 7, 11}, {14, 22}},  {{2, 3, 7, 11}, {13, 29}}, {{1, 2, 13, 8}, {5, 3}},
                        {{1, 2, 5, 37}, {7, 1}},    {{3, 1, 11}, {1, 41}},     {{29, 7}, {113, 8}},
                        {{1, 5, 16, 16}, {16, 16}}, {{1, 3, 12, 9}, {6, 27}},  {{2, 4, 31, 33}, {93, 66}}};
  for (const Item& i : items)
    for (const auto& [linear, align] : {std::pair{0, 0}, {1, 0}, {1, 1}})
      cases.add(
          {.op = "upsample",
           .inputs = {{.shape = i.x}},
           .attrs = {{"size", i.size}, {"linear", linear}, {"align_corners", align}},
           .tolerance = linear ? summation(4) : exact(),
           .backward_tolerance = summation(i.size[0] * i.size[1] * 4 / i.x[i.x.rank() - 1] / i.x[i.x.rank() - 2] + 1),
           .dtypes = kHalf,
           .degenerate = i.x.elements() == 1 ? "one element, repeated"
                         : i.size[0] * i.size[1] < i.x[i.x.rank() - 2] * i.x[i.x.rank() - 1]
                             ? "what no result reads has no gradient"
                             : ""});
}
