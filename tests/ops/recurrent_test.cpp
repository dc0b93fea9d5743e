#include "check/case.h"
#include "lemnos/ops.h"

LEMNOS_OP_CASES(recurrent) {
  const Tolerance chained = {.absolute = 4e-6, .relative = 2e-5, .reason = "three functions in a row"};
  const Shape states[] = {{1, 1},  {7, 1},  {1, 11}, {3, 8},   {29, 37}, {37, 29},
                          {5, 32}, {5, 31}, {5, 33}, {64, 64}, {113, 7}, {41, 128}};
  for (const Shape& s : states)
    for (const auto& [op, gates] : {std::pair{"lstm_cell", 4}, {"gru_cell", 3}})
      cases.add({.op = op,
                 .inputs = {{.shape = {s[0], gates * s[1]}}, {.shape = {s[0], gates * s[1]}}, {.shape = s}},
                 .tolerance = chained,
                 .dtypes = s.elements() < 500 ? kHalf : std::vector{DType::f32}});
  for (const auto& [op, gates] : {std::pair{"lstm_cell", 4}, {"gru_cell", 3}})
    cases.add(
        {.op = op,
         .inputs = {{.shape = {7, gates * 11}, .fill = normal(0, 60)}, {.shape = {7, gates * 11}}, {.shape = {7, 11}}},
         .tolerance = chained,
         .note = "saturated gates",
         .no_differences = "the functions are flat here"});

  // Whole layers: x[B, T, C], then the weights and biases.
  struct Item {
    int64_t batch, time, in, units;
  };
  const Tolerance layer = custom(2e-5, 1e-4, "steps in a row, each a product and its functions");
  const auto add_layer = [&](const char* name, int64_t gates, const Item& i, auto run) {
    cases.add({.op = name,
               .inputs = {{.shape = {i.batch, i.time, i.in}},
                          {.shape = {gates * i.units, i.in}, .fill = normal(0, .5)},
                          {.shape = {gates * i.units, i.units}, .fill = normal(0, .5)},
                          {.shape = {gates * i.units}},
                          {.shape = {gates * i.units}}},
               .tolerance = layer,
               .build = [run](Graph&, const std::vector<Value>& in) -> std::vector<Value> {
                 return {run(in[0], RecurrentWeights{in[1], in[2], in[3], in[4]}).y};
               }});
  };
  for (const Item& i : {Item{1, 1, 1, 1}, {3, 5, 4, 7}, {2, 7, 11, 8}}) {
    add_layer("lstm", 4, i, [](Value x, const RecurrentWeights& w) { return lstm(x, w); });
    cases.add({.op = "lstm",
               .inputs = {{.shape = {i.batch, i.time, i.in}},
                          {.shape = {4 * i.units, i.in}, .fill = normal(0, .5)},
                          {.shape = {4 * i.units, 3}, .fill = normal(0, .5)},
                          {.shape = {3, i.units}, .fill = normal(0, .5)}},
               .tolerance = layer,
               .note = "projected",
               .degenerate = i.time == 1 ? "the first step has no state to multiply" : "",
               .build = [](Graph&, const std::vector<Value>& in) -> std::vector<Value> {
                 return {lstm(in[0], {.input_weight = in[1], .hidden_weight = in[2], .projection = in[3]}).y};
               }});
    add_layer("gru", 3, i, [](Value x, const RecurrentWeights& w) { return gru(x, w); });
    add_layer("rnn", 1, i, [](Value x, const RecurrentWeights& w) { return rnn(x, w); });
  }

  // Over so many times, sequences and classes, with targets of so many: some repeat, some do not fit.
  struct Sequences {
    int64_t time, rows, classes, targets;
    Fill lengths;
  };
  for (const Sequences& q : {Sequences{1, 1, 2, 1, integers(1, 1)},
                             {7, 3, 5, 3, integers(0, 3)},
                             {12, 4, 3, 5, integers(1, 5)},
                             {5, 2, 4, 4, integers(4, 4)},
                             {9, 2, 6, 0, integers(0, 0)}})
    for (const bool zero : {false, true})
      cases.add({.op = "ctc_loss",
                 .inputs = {{.shape = {q.time, q.rows, q.classes}, .fill = normal(0, 2)},
                            {.shape = {q.rows, q.targets},
                             .fill = integers(0, q.classes - 2),
                             .dtype = DType::i32,
                             .differentiable = false},
                            {.shape = {q.rows},
                             .fill = integers((q.time + 1) / 2, q.time),
                             .dtype = DType::i32,
                             .differentiable = false},
                            {.shape = {q.rows}, .fill = q.lengths, .dtype = DType::i32, .differentiable = false}},
                 .tolerance = custom(2e-5, 2e-5, "logarithms of sums, one after another over the times"),
                 .no_differences = zero ? "" : "infinite where targets do not fit",
                 .degenerate = "few rows, some of them infinite or 0",
                 .no_specials = "a class that no way leads through says nothing",
                 .build = [q, zero](Graph&, const std::vector<Value>& in) -> std::vector<Value> {
                   return {ctc_loss(in[0], in[1], in[2], in[3],
                                    {.blank = q.classes - 1, .reduction = Reduction::none, .zero_infinity = zero})};
                 }});
}
