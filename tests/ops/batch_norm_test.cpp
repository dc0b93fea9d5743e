#include "check/case.h"
#include "lemnos/ops.h"

namespace {

using namespace lemnos;
using namespace lemnos::check;

const Tolerance kBatchNormBackward = {
    .absolute = 1e-4, .relative = 1e-5, .reason = "sums over a batch, of terms of either sign"};

void counted_cases(Cases& cases) {
  // Of so many rows only the first count. Where one element does its variance is 0, where none does so is its mean.
  const auto rows = [](int64_t count) {
    return Input{
        .shape = {1}, .fill = constant(static_cast<double>(count)), .dtype = DType::u32, .differentiable = false};
  };
  for (const Shape& x : {Shape{7, 11}, Shape{113, 41}, Shape{29, 64}, Shape{2, 3, 4, 4}, Shape{3, 4, 5, 8},
                         Shape{41, 2, 1, 3}, Shape{5, 1, 89}, Shape{40, 3, 7, 37}})
    for (const int64_t count : {int64_t{0}, int64_t{1}, x[0] / 2 + 1, x[0] - 1, x[0], x[0] + 1}) {
      const bool varies = count * x.elements() > x[0] * x[1];
      for (const int64_t affine : {0, 1, 2}) {
        if (affine < 2 && x.elements() > 100) continue;
        std::vector<Input> inputs = {{.shape = x, .fill = normal(.5, 2)}};
        if (affine > 0) inputs.push_back({.shape = {x[1]}, .fill = normal(1, .5)});
        if (affine > 1) inputs.push_back({.shape = {x[1]}});
        inputs.push_back(rows(count));
        cases.add({.op = "batch_norm",
                   .inputs = inputs,
                   .attrs = {{"affine", affine}, {"counted", true}},
                   .tolerance = varies ? norm_forward() : custom(1e-2, 1e-5, "divided by the root of eps, 1 / 316"),
                   .backward_tolerance = kBatchNormBackward,
                   .dtypes = x.elements() > 1200 || !varies ? std::vector{DType::f32} : kHalf,
                   .backward = varies,
                   .degenerate = varies ? "" : "of one element the variance is 0, and of none"});
      }
    }
  for (const int64_t count : {0, 1, 2, 9})
    for (const int64_t elements : {1, 4})
      cases.add({.op = "update_running",
                 .inputs = {{.shape = {65}},
                            {.shape = {65}, .fill = uniform(.5, 2)},
                            {.shape = {65, 2}},
                            {.shape = {65}, .fill = uniform(.5, 2)},
                            rows(count)},
                 .attrs = {{"elements", elements}, {"momentum", .2}, {"counted", true}},
                 .tolerance = rounding(8),
                 .backward = false,
                 .nan_lost = count * elements < 2 ? "fewer than two elements say nothing" : ""});
}

}  // namespace

LEMNOS_OP_CASES(batch_norm) {
  const Shape shapes[] = {{2, 1},          {7, 11},         {113, 41},      {29, 64},     {300, 10},
                          {64, 129},       {2, 3, 4, 4},    {2, 5, 7, 11},  {3, 4, 5, 8}, {41, 2, 1, 3},
                          {1, 7, 37, 29},  {4, 16, 14, 14}, {2, 3, 64, 65}, {5, 1, 89},   {8, 32, 2, 2},
                          {2, 2, 3, 4, 5}, {16, 24, 32, 32}};
  for (const Shape& x : shapes)
    for (const int64_t affine : {0, 1, 2}) {
      if (affine < 2 && x.elements() > 500) continue;
      std::vector<Input> inputs = {{.shape = x, .fill = normal(.5, 2)}};
      if (affine > 0) inputs.push_back({.shape = {x[1]}, .fill = normal(1, .5)});
      if (affine > 1) inputs.push_back({.shape = {x[1]}});
      cases.add({.op = "batch_norm",
                 .inputs = inputs,
                 .attrs = {{"affine", affine}},
                 .tolerance = norm_forward(),
                 .backward_tolerance =
                     x.elements() > 100000
                         ? Tolerance{.absolute = 2e-3, .relative = 1e-5, .reason = "1e-4 of a sum of 16384 terms"}
                         : kBatchNormBackward,
                 .dtypes = x.elements() > 1200 ? std::vector{DType::f32} : kHalf});
      inputs.push_back({.shape = {x[1]}, .differentiable = false});
      inputs.push_back({.shape = {x[1]}, .fill = uniform(.2, 3), .differentiable = false});
      if (x.elements() < 100000)
        cases.add({.op = "batch_norm_eval",
                   .inputs = inputs,
                   .attrs = {{"affine", affine}},
                   .tolerance = norm_forward(),
                   .backward_tolerance = kBatchNormBackward});
    }
  cases.add({.op = "batch_norm",
             .inputs = {{.shape = {8, 5, 6, 7}, .fill = normal(1000)}, {.shape = {5}}, {.shape = {5}}},
             .attrs = {{"affine", 2}},
             .tolerance = custom(5e-4, 1e-5, "of a mean of 1000 the deviations keep 3e-5, times gamma"),
             .backward_tolerance = custom(5e-3, 1e-4, "sums of them"),
             .note = "a large mean must not cancel",
             .no_differences = "differences of 1e-6 drown in a mean of 1000"});
  for (const int64_t channels : {1, 7, 64, 65, 113})
    cases.add({.op = "update_running",
               .inputs = {{.shape = {channels}},
                          {.shape = {channels}, .fill = uniform(.5, 2)},
                          {.shape = {channels, 2}},
                          {.shape = {channels}, .fill = uniform(.5, 2)}},
               .attrs = {{"elements", 12}, {"momentum", .2}},
               .tolerance = rounding(8),
               .backward = false});
  counted_cases(cases);
}
