#include "check/case.h"

LEMNOS_OP_CASES(broadcast_to) {
  struct Pair {
    Shape from, to;
  };
  const Pair pairs[] = {{{1}, {1}},
                        {{}, {7}},
                        {{1}, {29, 37}},
                        {{37}, {29, 37}},
                        {{36}, {29, 36}},
                        {{29, 1}, {29, 37}},
                        {{29, 1}, {29, 40}},
                        {{3, 1, 5}, {3, 7, 5}},
                        {{3, 1, 8}, {3, 7, 8}},
                        {{1, 11, 1}, {7, 11, 41}},
                        {{2, 1, 3, 1, 5}, {2, 7, 3, 2, 5}},
                        {{2, 1, 4}, {3, 2, 5, 4}},
                        {{113, 1}, {113, 89}},
                        {{1023}, {64, 1023}},
                        {{512}, {512, 512}}};
  for (const Pair& p : pairs)
    cases.add({.op = "broadcast_to",
               .inputs = {{.shape = p.from, .fill = integers(-9, 9)}},
               .attrs = {{"shape", Attrs::AttrValue(p.to)}},
               .tolerance = exact(),
               .backward_tolerance = summation(p.to.elements() / p.from.elements()),
               .dtypes = kHalf,
               .degenerate = p.from.elements() == 1 ? "one element everywhere" : ""});
  for (const DType dtype : {DType::i32, DType::u8, DType::boolean})
    for (const Pair& p : pairs)
      cases.add({.op = "broadcast_to",
                 .inputs = {{.shape = p.from, .fill = integers(0, 1), .dtype = dtype, .differentiable = false}},
                 .attrs = {{"shape", Attrs::AttrValue(p.to)}},
                 .tolerance = exact(),
                 .backward = false,
                 .degenerate = "of zeros and ones"});
}
