#include <algorithm>

#include "check/case.h"
#include "lemnos/ops.h"

namespace {

using namespace lemnos;
using namespace lemnos::check;

// dgamma and dbeta are sums over everything but the channels; dx divides by the deviation.
constexpr Tolerance kLayerNormBackward = {
    .absolute = 1e-4, .relative = 1e-5, .reason = "sums over rows, of terms of either sign"};

void add_norm(Cases& cases, const char* op, const Shape& x, const Shape& parameters, int given, Attrs attrs,
              Fill fill = normal(.5, 2), const char* note = "") {
  std::vector<Input> inputs = {{.shape = x, .fill = fill}};
  if (given > 0) inputs.push_back({.shape = parameters, .fill = normal(1, .5)});
  if (given > 1) inputs.push_back({.shape = parameters});
  const bool one = x.elements() == parameters.elements() && std::string(op) == "group_norm";
  cases.add({.op = op,
             .inputs = inputs,
             .attrs = attrs,
             .tolerance = norm_forward(),
             .backward_tolerance = kLayerNormBackward,
             .note = note,
             .dtypes = x.elements() < 1200 ? kHalf : std::vector{DType::f32},
             .degenerate = one || x.elements() <= 12 ? "a row of one element is 0 when its mean is taken out" : ""});
}

}  // namespace

LEMNOS_OP_CASES(layer_norm) {
  const Shape shapes[] = {{2, 4},      {7, 11},   {113, 41}, {3, 5, 89}, {37, 32},  {37, 31},
                          {37, 33},    {29, 64},  {29, 63},  {1, 128},   {11, 127}, {11, 129},
                          {2, 1, 257}, {300, 10}, {5, 1024}, {3, 1023},  {3, 4, 7}};
  for (const Shape& x : shapes)
    for (const char* op : {"layer_norm", "rms_norm"}) {
      const Shape last{x[x.rank() - 1]};
      add_norm(cases, op, x, last, op[0] == 'l' ? 2 : 1, {});
    }
  for (const char* op : {"layer_norm", "rms_norm"}) {
    add_norm(cases, op, {7, 3, 5}, {3, 5}, 1, {{"axes", 2}});
    add_norm(cases, op, {7, 4, 8}, {4, 8}, 1, {{"axes", 2}, {"eps", 1e-3}});
    add_norm(cases, op, {29, 37}, {37}, 0, {});
  }
  const std::pair<Shape, int64_t> grouped[] = {{{2, 6, 4, 4}, 3},  {{2, 6, 4, 4}, 1},    {{2, 6, 4, 4}, 6},
                                               {{3, 4, 5, 7}, 2},  {{3, 5, 7, 3}, 5},    {{41, 6}, 2},
                                               {{2, 8, 29}, 4},    {{1, 32, 16, 16}, 8}, {{5, 3, 1, 11}, 1},
                                               {{2, 12, 3, 3}, 4}, {{7, 2, 8}, 2},       {{2, 4, 37, 41}, 2}};
  for (const auto& [x, groups] : grouped) add_norm(cases, "group_norm", x, {x[1]}, 2, {{"groups", groups}});

  // Rows of an odd length: their mean is never half way between two numbers, where {mean, rest} may be either pair.
  for (const Fill& far : {normal(1000), normal(1e4, 1e-3), normal(-3e7, 8)})
    for (const char* op : {"layer_norm", "group_norm"}) {
      const bool rows = op[0] == 'l';
      cases.add({.op = op,
                 .inputs = {{.shape = {29, 105}, .fill = far}, {.shape = {105}}, {.shape = {105}}},
                 .attrs = rows ? Attrs{} : Attrs{{"groups", 5}},
                 .tolerance = norm_forward(),
                 .backward_tolerance = kLayerNormBackward,
                 .note = "a large mean must not cancel",
                 .no_differences = "differences of 1e-6 drown in the mean"});
    }
  cases.add({.op = "layer_norm",
             .inputs = {{.shape = {512, 768}}, {.shape = {768}}, {.shape = {768}}},
             .tolerance = norm_forward(),
             .backward_tolerance = {.absolute = 3e-4, .relative = 1e-5, .reason = "sums over 512 rows"}});
  // No rows: nothing to do, and gradients of 0 for gamma and beta.
  add_norm(cases, "layer_norm", {0, 7}, {7}, 2, {});
  add_norm(cases, "rms_norm", {3, 0, 8}, {8}, 1, {});
  add_norm(cases, "group_norm", {0, 4, 3}, {4}, 2, {{"groups", 2}});
  for (const Shape& x : {Shape{7, 11}, {29, 37}, {3, 5, 8}})
    cases.add(
        {.op = "l2_normalize",
         .inputs = {{.shape = x}},
         .tolerance = norm_forward(),
         .build = [](Graph&, const std::vector<Value>& in) -> std::vector<Value> { return {l2_normalize(in[0])}; }});
}
