#include "check/case.h"
#include "lemnos/ops.h"

LEMNOS_OP_CASES(softmax) {
  const Shape shapes[] = {{1},      {7, 1},    {1, 1024}, {113, 41}, {3, 5, 89}, {2, 50257}, {37, 32},  {37, 31},
                          {37, 33}, {11, 128}, {11, 127}, {11, 129}, {13, 255},  {13, 260},  {4096, 10}};
  for (const int logarithm : {0, 1})
    for (const Shape& shape : shapes)
      cases.add({.op = "softmax",
                 .inputs = {{.shape = shape}},
                 .attrs = {{"logarithm", logarithm}},
                 .tolerance = transcendental(),
                 .dtypes = kHalf,
                 .degenerate = shape[shape.rank() - 1] == 1 ? "a row of one element is 1" : ""});
  for (const int logarithm : {0, 1})
    for (const double mean : {-200.0, 200.0})
      cases.add({.op = "softmax",
                 .inputs = {{.shape = {29, 37}, .fill = normal(mean)}},
                 .attrs = {{"logarithm", logarithm}},
                 .tolerance = transcendental(),
                 .note = "the maximum must be taken out"});
  for (const int64_t axis : {0, 1})
    cases.add({.op = "softmax",
               .inputs = {{.shape = {7, 11, 3}}},
               .tolerance = transcendental(),
               .build = [axis](Graph&, const std::vector<Value>& in) -> std::vector<Value> {
                 return {softmax(in[0], axis), log_softmax(in[0], axis)};
               }});
  for (const Shape& none : {Shape{0, 3}, {3, 0}})
    cases.add({.op = "softmax", .inputs = {{.shape = none}}, .tolerance = exact(), .note = "nothing to do"});
}
