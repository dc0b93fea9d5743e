#include "check/case.h"

namespace {
using namespace lemnos;
using namespace lemnos::check;

Input labels(const Shape& logits, int64_t lowest = 0) {
  return {.shape = logits.without(logits.rank() - 1),
          .fill = integers(lowest, logits[logits.rank() - 1] - 1),
          .dtype = DType::i32,
          .differentiable = false};
}
}  // namespace

LEMNOS_OP_CASES(cross_entropy) {
  const Shape shapes[] = {{1, 2},    {7, 3},    {11, 10},  {128, 10},  {113, 41}, {3, 5, 89}, {2, 50257},
                          {37, 31},  {37, 32},  {37, 33},  {29, 64},   {29, 65},  {11, 127},  {11, 128},
                          {11, 129}, {256, 64}, {257, 64}, {1000, 10}, {4096, 10}};
  for (const char* reduction : {"mean", "sum", "none"})
    for (const Shape& shape : shapes) {
      const char* few = shape[shape.rank() - 1] <= 3 ? "few rows and classes" : "";
      cases.add({.op = "softmax_cross_entropy",
                 .inputs = {{.shape = shape}, labels(shape)},
                 .attrs = {{"reduction", reduction}},
                 .tolerance = transcendental(),
                 .degenerate = few});
      if (shape.elements() > 6000) continue;
      cases.add({.op = "softmax_cross_entropy",
                 .inputs = {{.shape = shape}, labels(shape, -shape[shape.rank() - 1])},
                 .attrs = {{"reduction", reduction}, {"label_smoothing", .1}},
                 .tolerance = transcendental(),
                 .note = "half of the rows are ignored",
                 .degenerate = shape.elements() < 100 ? "few rows and classes" : ""});
      cases.add({.op = "softmax_cross_entropy",
                 .inputs = {{.shape = shape}, {.shape = shape, .fill = uniform(0, .2), .differentiable = false}},
                 .attrs = {{"reduction", reduction}, {"label_smoothing", .05}},
                 .tolerance = transcendental(),
                 .note = "probabilities as targets",
                 .degenerate = few});
      cases.add({.op = "softmax_cross_entropy",
                 .inputs = {{.shape = shape},
                            labels(shape, -1),
                            {.shape = {shape[shape.rank() - 1]}, .fill = uniform(.2, 3), .differentiable = false}},
                 .attrs = {{"reduction", reduction}},
                 .tolerance = transcendental(),
                 .note = "class weights",
                 .degenerate = few});
      cases.add({.op = "softmax_cross_entropy",
                 .inputs = {{.shape = shape, .fill = uniform(-5, 0)}, labels(shape, -1)},
                 .attrs = {{"reduction", reduction}, {"log_probabilities", true}},
                 .tolerance = transcendental(),
                 .note = "nll_loss",
                 .degenerate = "only the target's logit has a gradient"});
    }

  for (const double mean : {-200.0, 200.0})
    for (const Shape& shape : {Shape{29, 37}, Shape{600, 40}})
      cases.add({.op = "softmax_cross_entropy",
                 .inputs = {{.shape = shape, .fill = normal(mean, 5)}, labels(shape)},
                 .tolerance = transcendental(),
                 .note = "the maximum must be taken out",
                 .no_differences = "the rounding of sums near 200 is as large as the step"});
  for (const Shape& shape : {Shape{29, 37}, Shape{600, 40}}) {
    const Shape rows = shape.without(1);
    cases.add({.op = "softmax_cross_entropy",
               .inputs = {{.shape = shape},
                          {.shape = rows, .fill = constant(-1), .dtype = DType::i32, .differentiable = false}},
               .tolerance = exact(),
               .note = "nothing counts: 0, not 0/0",
               .degenerate = "every row is ignored"});
    cases.add({.op = "softmax_cross_entropy",
               .inputs = {{.shape = shape},
                          {.shape = rows, .fill = integers(0, 100), .dtype = DType::i32, .differentiable = false}},
               .tolerance = transcendental(),
               .note = "an index past the last class poisons the loss",
               .backward = false,
               .degenerate = "NaN"});
    cases.add({.op = "softmax_cross_entropy",
               .inputs = {{.shape = shape}, labels(shape)},
               .attrs = {{"with_gradient", false}},
               .tolerance = transcendental(),
               .note = "for evaluation",
               .backward = false});
  }
}
