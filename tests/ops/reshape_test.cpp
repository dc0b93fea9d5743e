#include "check/case.h"
#include "lemnos/ops.h"

LEMNOS_OP_CASES(reshape) {
  struct Pair {
    Shape from, to;
  };
  const Pair pairs[] = {{{1}, {}},
                        {{}, {1}},
                        {{7}, {7, 1}},
                        {{7, 11}, {77}},
                        {{7, 11}, {11, 7}},
                        {{29, 37}, {1, 29, 37}},
                        {{41, 2, 3}, {41, 6}},
                        {{89, 4}, {2, 89, 2}},
                        {{113, 4}, {4, 113}},
                        {{64, 64}, {4096}},
                        {{63, 65}, {4095}},
                        {{256, 257}, {257, 256}}};
  // Two views in a row, and work on both sides, so that what is seen is what was written.
  for (const Pair& p : pairs)
    cases.add({.op = "reshape",
               .inputs = {{.shape = p.from}},
               .tolerance = exact(),
               .dtypes = kHalf,
               .build = [p](Graph&, const std::vector<Value>& in) -> std::vector<Value> {
                 return {negate(reshape(flatten(negate(in[0]), 0), p.to))};
               }});
  // x stop(x): the gradient is x, not 2 x.
  for (const Shape& shape : {Shape{7}, {29, 37}})
    cases.add({.op = "stop_gradient",
               .inputs = {{.shape = shape}},
               .tolerance = rounding(1),
               .no_differences = "a difference moves what is held still, too",
               .build = [](Graph&, const std::vector<Value>& in) -> std::vector<Value> {
                 return {multiply(in[0], stop_gradient(in[0]))};
               }});
}
