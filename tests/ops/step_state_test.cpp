#include "check/case.h"

LEMNOS_OP_CASES(step_state) {
  const auto state = [](Fill fill) {
    return Input{.shape = {32}, .fill = fill, .dtype = DType::u32, .differentiable = false};
  };
  // As floats these bits lie between .005 and 1; as integers they are step, cursor and so on.
  const Fill bits = integers(1000000000, 1065353216);
  const Fill states[] = {bits, constant(0), constant(1065353216), ramp(1, 1)};
  for (const Fill& fill : states)
    for (const int64_t batches : {1, 2, 3, 7, 1000000000}) {
      // Halves and quarters: the corrections are exact in f32.
      cases.add({.op = "advance_step",
                 .inputs = {state(fill)},
                 .attrs = {{"batches_per_epoch", batches}, {"batch", 128}, {"beta1", .5}, {"beta2", .25}},
                 .tolerance = exact(),
                 .backward = false,
                 .degenerate = "most words are not in use"});
      cases.add({.op = "finish_step",
                 .inputs = {state(fill),
                            {.shape = {batches < 100 ? batches * 3 : 41, 4}},
                            {.shape = {}},
                            {.shape = {2}, .fill = integers(0, 100)}},
                 .attrs = {{"batches_per_epoch", batches}, {"batch", 64}, {"base_lr", .5}},
                 .tolerance = rounding(),
                 .backward = false,
                 .degenerate = "most words are not in use"});
      cases.add({.op = "finish_step",
                 .inputs = {state(fill),
                            {.shape = {11, 4 + batches % 10}},
                            {.shape = {}},
                            {.shape = {2}},
                            {.shape = {batches % 10}}},
                 .attrs = {{"batches_per_epoch", batches}, {"batch", 64}, {"base_lr", .5}},
                 .tolerance = rounding(),
                 .note = "more numbers",
                 .backward = false,
                 .degenerate = "most words are not in use"});
    }
  cases.add({.op = "advance_step",
             .inputs = {state(bits)},
             .attrs = {{"batch", int64_t{4000000000}}},
             .tolerance = exact(),
             .note = "the low word of the samples overflows",
             .backward = false,
             .degenerate = "most words are not in use"});
  for (const double beta : {.9, .99, .999})
    cases.add({.op = "advance_step",
               .inputs = {state(bits)},
               .attrs = {{"beta1", beta}, {"beta2", beta}, {"momentum_decay", 4e-3}},
               .tolerance = custom(4, 0, "floats compared by their bits: 4 is 4 ulp"),
               .note = "corrections",
               .backward = false,
               .degenerate = "most words are not in use"});
}
