#include "check/case.h"
#include "lemnos/ops.h"

LEMNOS_OP_CASES(pool) {
  struct Item {
    Shape x;
    std::vector<int64_t> kernel, stride, padding{0, 0}, dilation{1, 1};
    bool ceil = false;
  };
  const Item items[] = {{{1, 1, 1, 1}, {1, 1}, {1, 1}},
                        {{2, 3, 4, 4}, {2, 2}, {2, 2}},
                        {{1, 2, 28, 28}, {2, 2}, {2, 2}},
                        {{2, 3, 7, 11}, {2, 2}, {2, 2}},
                        {{2, 3, 7, 11}, {2, 2}, {2, 2}, {0, 0}, {1, 1}, true},
                        {{2, 5, 13, 17}, {3, 3}, {2, 2}, {1, 1}},
                        {{2, 5, 13, 17}, {3, 3}, {2, 2}, {1, 1}, {1, 1}, true},
                        {{1, 2, 9, 9}, {3, 3}, {1, 1}, {1, 1}},
                        {{1, 2, 11, 13}, {3, 2}, {1, 3}, {1, 0}, {2, 3}},
                        {{1, 3, 10, 10}, {2, 3}, {5, 4}},  // stride past the kernel
                        {{3, 1, 37}, {1, 5}, {1, 2}, {0, 2}},
                        {{41, 29}, {4, 4}, {3, 3}, {2, 1}},
                        {{0, 3, 7, 5}, {2, 3}, {2, 1}, {1, 0}},  // no planes: nothing to do
                        {{1, 113, 5, 5}, {5, 5}, {1, 1}},
                        {{2, 11, 63, 65}, {2, 2}, {2, 2}}};
  for (const Item& i : items) {
    const bool skips = i.stride[0] > i.kernel[0];
    const Attrs attrs = {
        {"kernel", i.kernel}, {"stride", i.stride}, {"padding", i.padding}, {"dilation", i.dilation}, {"ceil", i.ceil}};
    cases.add({.op = "max_pool2d",
               .inputs = {{.shape = i.x}},
               .attrs = attrs,
               .tolerance = exact(),
               .backward_tolerance = summation(9),
               .dtypes = kHalf,
               .degenerate = i.kernel[0] * i.kernel[1] > 4 || skips ? "the gradient goes to the maxima alone" : ""});
    if (i.x.elements() < 1500)
      cases.add({.op = "max_pool2d_pick",
                 .inputs = {{.shape = i.x}, {.shape = i.x}},
                 .attrs = attrs,
                 .tolerance = exact(),
                 .backward_tolerance = summation(9),
                 .dtypes = kHalf,
                 .degenerate = "the gradient goes to the maxima alone"});
    for (const int count_pad : {0, 1}) {
      if (i.dilation[0] != 1 || (count_pad == 0 && i.padding[0] == 0 && !i.ceil)) continue;
      Attrs average = attrs;
      average.set("count_pad", count_pad);
      cases.add({.op = "avg_pool2d",
                 .inputs = {{.shape = i.x}},
                 .attrs = average,
                 .tolerance = summation(i.kernel[0] * i.kernel[1]),
                 .dtypes = kHalf,
                 .degenerate = skips ? "what no window holds has no gradient" : ""});
    }
  }
  const std::pair<Shape, std::vector<int64_t>> adapted[] = {{{2, 3, 7, 11}, {1, 1}},
                                                            {{2, 3, 7, 11}, {3, 4}},
                                                            {{1, 2, 8, 12}, {4, 4}},
                                                            {{1, 5, 3, 5}, {7, 9}},
                                                            {{37, 41}, {37, 5}}};
  for (const auto& [x, size] : adapted) {
    cases.add({.op = "avg_pool2d",
               .inputs = {{.shape = x}},
               .attrs = {{"size", size}},
               .tolerance = summation(x[x.rank() - 1] * x[x.rank() - 2]),
               .dtypes = kHalf});
    cases.add({.op = "max_pool2d",
               .inputs = {{.shape = x}},
               .attrs = {{"size", size}},
               .tolerance = exact(),
               .backward_tolerance = summation(8),
               .dtypes = kHalf,
               .degenerate = "the gradient goes to the maxima alone"});
  }
  cases.add({.op = "max_pool2d_pick",
             .inputs = {{.shape = {2, 7, 11}}, {.shape = {2, 7, 11}}},
             .attrs = {{"size", {3, 4}}},
             .tolerance = exact(),
             .backward_tolerance = summation(8),
             .degenerate = "the gradient goes to the maxima alone"});
  // Equal maxima: the first of a window counts.
  cases.add({.op = "max_pool2d",
             .inputs = {{.shape = {2, 3, 9, 9}, .fill = integers(0, 2)}},
             .attrs = {{"kernel", {3, 3}}, {"stride", {2, 2}}, {"padding", {1, 1}}},
             .tolerance = exact(),
             .backward_tolerance = summation(4),
             .note = "of equal maxima the first gets the gradient",
             .no_differences = "ties",
             .degenerate = "the largest of nine small whole numbers is often 2"});
  for (const bool most : {false, true})
    cases.add({.op = most ? "global_max_pool2d" : "global_avg_pool2d",
               .inputs = {{.shape = {3, 7, 5, 4}}},
               .tolerance = summation(20),
               .degenerate = "the gradient goes to the maxima alone, or is the same over a plane",
               .build = [most](Graph&, const std::vector<Value>& in) -> std::vector<Value> {
                 return {most ? global_max_pool2d(in[0]) : global_avg_pool2d(in[0])};
               }});
}
