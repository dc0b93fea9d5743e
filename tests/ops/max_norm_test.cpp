#include "check/case.h"

LEMNOS_OP_CASES(max_norm) {
  const Shape shapes[] = {{1},       {7},       {7, 11},   {29, 37},  {113, 41},     {11, 127},
                          {11, 128}, {11, 129}, {2, 5025}, {1000, 3}, {16, 3, 5, 5}, {89, 1}};
  for (const Shape& shape : shapes)
    for (const double most : {.5, 2.0, 1e6}) {
      // About half of the rows are longer than the root of their length.
      cases.add({.op = "max_norm",
                 .inputs = {{.shape = shape}},
                 .attrs = {{"max_norm", most}},
                 .tolerance = transcendental(),
                 .note = most > 1000 ? "none is too long" : "",
                 .backward = false,
                 .degenerate = shape.elements() == shape[0] ? "a row of one element becomes its sign" : ""});
    }
}
