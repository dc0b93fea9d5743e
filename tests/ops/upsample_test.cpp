#include <array>
#include <utility>
#include <vector>

#include "check/case.h"
#include "lemnos/ops.h"

LEMNOS_OP_CASES(upsample) {
  struct Item {
    Shape x;
    std::vector<int64_t> size;
  };
  const Item items[] = {{{1, 1, 1, 1}, {1, 1}},     {{1, 1, 1, 1}, {3, 5}},    {{2, 3, 4, 4}, {8, 8}},
                        {{2, 3, 7, 11}, {14, 22}},  {{2, 3, 7, 11}, {13, 29}}, {{1, 2, 13, 8}, {5, 3}},
                        {{1, 2, 5, 37}, {7, 1}},    {{3, 1, 11}, {1, 41}},     {{29, 7}, {113, 8}},
                        {{1, 5, 16, 16}, {16, 16}}, {{1, 3, 12, 9}, {6, 27}},  {{2, 4, 31, 33}, {93, 66}}};
  for (const Item& i : items)
    for (const auto& [linear, align] : {std::pair{0, 0}, {1, 0}, {1, 1}})
      cases.add(
          {.op = "upsample",
           .inputs = {{.shape = i.x}},
           .attrs = {{"size", i.size}, {"linear", linear}, {"align_corners", align}},
           .tolerance = linear ? summation(4) : exact(),
           .backward_tolerance = summation(i.size[0] * i.size[1] * 4 / i.x[i.x.rank() - 1] / i.x[i.x.rank() - 2] + 1),
           .dtypes = kHalf,
           .degenerate = i.x.elements() == 1 ? "one element, repeated"
                         : i.size[0] * i.size[1] < i.x[i.x.rank() - 2] * i.x[i.x.rank() - 1]
                             ? "what no result reads has no gradient"
                             : ""});

  // By a gather, a product and a sum along each axis, or by the kernels of planes.
  const auto composed = [&](const Shape& x, const char* note, int64_t terms, Build build) {
    const Tolerance sums = terms > 1 ? summation(terms) : exact();
    cases.add({.op = "interpolate",
               .inputs = {{.shape = x}},
               .tolerance = sums,
               .backward_tolerance = summation(64),
               .note = note,
               .dtypes = x.rank() == 4 ? kHalf : std::vector{DType::f32},
               .degenerate = "what no result reads has no gradient",
               .nan_spreads = "a neighbour of weight 0 is multiplied",
               .build = std::move(build)});
  };
  struct Mode {
    UpsampleOptions options;
    const char* note;
    int64_t terms;
  };
  const Mode modes[] = {{{.mode = UpsampleMode::nearest_exact}, "nearest_exact", 1},
                        {{.mode = UpsampleMode::bicubic}, "bicubic", 16},
                        {{.mode = UpsampleMode::bicubic, .align_corners = true}, "bicubic, corners", 16},
                        {{.mode = UpsampleMode::bilinear, .antialias = true}, "bilinear, antialias", 64},
                        {{.mode = UpsampleMode::bicubic, .antialias = true}, "bicubic, antialias", 64},
                        {{.mode = UpsampleMode::area}, "area", 16}};
  for (const Mode& m : modes)
    for (const auto& [x, size] : {std::pair{Shape{2, 3, 7, 11}, std::array<int64_t, 2>{13, 5}},
                                  {{1, 2, 5, 4}, {5, 9}},
                                  {{3, 1, 1, 13}, {3, 4}},
                                  {{29, 7}, {11, 31}}})
      composed(x, m.note, m.terms, [size, o = m.options](Graph&, const std::vector<Value>& in) -> std::vector<Value> {
        return {upsample(in[0], size, o)};
      });
  struct Extents {
    Shape x;
    std::vector<int64_t> size;
  };
  for (const Extents& e : {Extents{{2, 3, 11}, {7}}, {{2, 3, 4, 5}, {7, 3, 9}}, {{1, 1, 2, 3, 5}, {2, 5, 4}}})
    for (const UpsampleMode mode : {UpsampleMode::nearest, UpsampleMode::bilinear, UpsampleMode::nearest_exact,
                                    UpsampleMode::bicubic, UpsampleMode::area})
      composed(e.x, words_of(mode)[static_cast<size_t>(mode)],
               mode == UpsampleMode::nearest || mode == UpsampleMode::nearest_exact ? 1 : 64,
               [size = e.size, mode](Graph&, const std::vector<Value>& in) -> std::vector<Value> {
                 return {interpolate(in[0], size, {.mode = mode})};
               });
  for (const double factor : {1.0, 1.7, .6, 2.5})
    for (const UpsampleMode mode : {UpsampleMode::nearest, UpsampleMode::bilinear, UpsampleMode::bicubic})
      composed({2, 7, 9}, "by a factor", mode == UpsampleMode::nearest ? 1 : 16,
               [factor, mode](Graph&, const std::vector<Value>& in) -> std::vector<Value> {
                 return {interpolate_by(in[0], {factor, factor}, {.mode = mode})};
               });
}
