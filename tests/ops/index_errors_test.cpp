#include "check/case.h"

LEMNOS_OP_CASES(index_errors) {
  // The report's first column is 0 where nothing was found yet: the place and the value are then this step's.
  for (const bool found_before : {false, true})
    for (const int64_t count : {1, 2, 7, 113, 127, 128, 129, 255, 256, 257, 1000, 10007})
      for (const int64_t row : {0, 4})
        cases.add(
            {.op = "index_errors",
             .inputs = {{.shape = {5, 3}, .fill = found_before ? integers(1, 9) : constant(0), .dtype = DType::u32},
                        {.shape = {count}, .fill = integers(-2, 11), .dtype = DType::i32}},
             .attrs = {{"limit", int64_t{10}}, {"row", row}},
             .tolerance = exact(),
             .backward = false,
             .degenerate = "four rows stay as they are"});
  const auto add = [&](const Shape& shape, Fill indices, int64_t limit, const char* note) {
    cases.add({.op = "index_errors",
               .inputs = {{.shape = {1, 3}, .fill = constant(0), .dtype = DType::u32},
                          {.shape = shape, .fill = indices, .dtype = DType::i32}},
               .attrs = {{"limit", limit}},
               .tolerance = exact(),
               .note = note,
               .backward = false,
               .degenerate = "a report of one row"});
  };
  add({113}, integers(-9, 9), 10, "nothing is found");
  add({41}, constant(-1), 0, "a negative index is none, whatever the limit");
  add({3, 5, 89}, integers(0, 1), 0, "of no rows, every index is too large");
  add({7, 29}, integers(0, 1 << 20), 1 << 19, "places count through all axes");
  add({0}, constant(0), 1, "no indices");
}
