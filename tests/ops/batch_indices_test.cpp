#include "check/case.h"

LEMNOS_OP_CASES(batch_indices) {
  // The state is filled with integers, so cursor and epoch differ from case to case.
  const auto add = [&](int64_t samples, int64_t batch, bool shuffle, Fill state, const char* degenerate = "") {
    cases.add({.op = "batch_indices",
               .inputs = {{.shape = {32}, .fill = state, .dtype = DType::u32, .differentiable = false}},
               .attrs = {{"samples", samples}, {"batch", batch}, {"shuffle", shuffle}, {"seed", samples}},
               .tolerance = exact(),
               .backward = false,
               .degenerate = degenerate});
  };
  for (const bool shuffle : {false, true}) {
    for (const int64_t samples : {2, 3, 7, 11, 64, 65, 89, 113, 127, 128, 129, 60000}) {
      add(samples, samples, shuffle, constant(0));
      add(samples, samples / 3 + 1, shuffle, ramp(0, 1));
    }
    add(60000, 128, shuffle, integers(0, 100));
    add(1 << 20, 63, shuffle, integers(0, 10000));
    add((1 << 20) + 1, 65, shuffle, integers(0, 10000));
    add(1, 1, shuffle, constant(0), "the one sample is row 0");
    add(1, 7, shuffle, constant(0), "all but one row is past the end");
    add(100, 41, shuffle, constant(3), "the whole batch is past the end");
    add(100, 41, shuffle, constant(2), "more than half of the batch is past the end");
  }
}
