#include "check/case.h"

LEMNOS_OP_CASES(metrics) {
  const Shape shapes[] = {{1, 1},    {7, 3},    {11, 10},  {128, 10},   {113, 41}, {3, 5, 89},
                          {2, 5025}, {29, 64},  {11, 255}, {11, 256},   {11, 257}, {1000, 10},
                          {1023, 7}, {1024, 7}, {1025, 7}, {10000, 10}, {41, 513}};
  const auto add = [&](const Shape& shape, int64_t top, Fill logits, Fill targets, const char* note) {
    cases.add({.op = "accuracy_count",
               .inputs = {{.shape = shape, .fill = logits},
                          {.shape = shape.without(shape.rank() - 1), .fill = targets, .dtype = DType::i32}},
               .attrs = {{"top", top}},
               .tolerance = exact(),
               .note = note,
               .backward = false,
               .degenerate = "two counts, which may be equal or 0"});
  };
  for (const Shape& shape : shapes) {
    const int64_t classes = shape[shape.rank() - 1];
    add(shape, 1, normal(), integers(0, classes - 1), "");
    add(shape, 5, normal(), integers(-2, classes - 1), "some rows do not count");
    add(shape, 1, integers(0, 1), integers(0, classes - 1), "ties go to the first");
    add(shape, classes, normal(), integers(0, classes - 1), "all are right");
  }
  const auto count = [&](const char* op, const Shape& counts, int64_t pairs, Input predictions, Fill targets) {
    predictions.shape = Shape{pairs};
    cases.add({.op = op,
               .inputs = {{.shape = counts, .fill = integers(0, 5), .dtype = DType::u32},
                          predictions,
                          {.shape = {pairs}, .fill = targets, .dtype = DType::i32}},
               .tolerance = exact(),
               .backward = false,
               .degenerate = "counts are small"});
  };
  for (const int64_t pairs : {1, 7, 63, 64, 65, 113, 1024, 10007}) {
    for (const int64_t classes : {1, 2, 3, 10, 41})
      count("confusion_count", {classes, classes}, pairs, {.fill = integers(-1, classes), .dtype = DType::i32},
            integers(-2, classes));
    for (const int64_t bins : {1, 2, 64, 1024})
      count("score_count", {2, bins}, pairs, {.fill = integers(-1, 2)}, integers(-1, 2));
    // A power of two of bins: the product with a score is exact, so the bin is.
    count("score_count", {2, 256}, pairs, {.fill = uniform(0, 1)}, integers(0, 1));
  }
  add({113, 41}, 1, normal(), constant(-1), "nothing counts");
  add({113, 41}, 1, normal(), integers(0, 100), "an index past the last class is never right");
}
