#include "check/case.h"
#include "lemnos/ops.h"

LEMNOS_OP_CASES(rotary) {
  const std::pair<Shape, int64_t> items[] = {
      {{1, 2}, 1},        {{7, 2}, 1},   {{7, 6}, 1},          {{2, 11, 8}, 1}, {{2, 3, 5, 10}, 1},  {{2, 5, 3, 10}, 3},
      {{2, 8, 4, 16}, 4}, {{29, 14}, 1}, {{1, 113, 2, 32}, 2}, {{37, 1, 6}, 1}, {{3, 64, 8, 64}, 8}, {{3, 65, 62}, 1}};
  for (const auto& [x, rows] : items) {
    const int64_t positions = rows > 1 ? x[1] : x[x.rank() - 2];
    for (const bool inverse : {false, true})
      cases.add(
          {.op = "rotary",
           .inputs = {{.shape = x},
                      {.shape = {positions, x[x.rank() - 1] / 2, 2}, .fill = uniform(-1, 1), .differentiable = false}},
           .attrs = {{"rows", rows}, {"inverse", inverse}},
           .tolerance = summation(2)});
  }
  for (const bool inside : {false, true})
    cases.add({.op = "rotary_positions",
               .inputs = {{.shape = {2, 5, 7, 12}}},
               .tolerance = summation(2),
               .dtypes = kHalf,
               .build = [inside](Graph&, const std::vector<Value>& in) -> std::vector<Value> {
                 return {rotary_positions(in[0], inside)};
               }});
}
