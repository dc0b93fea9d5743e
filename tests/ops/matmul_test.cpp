#include <algorithm>
#include <cmath>

#include "check/case.h"
#include "lemnos/ops.h"
#include "shaders/common/gemm_extra.h"
#include "shaders/common/unary_functions.h"

namespace {

using namespace lemnos;
using namespace lemnos::check;

struct Size {
  int64_t m, k, n;
};

Case product(Size s, bool transpose_a, bool transpose_b, Fill fill = normal()) {
  return {.op = "matmul",
          .inputs = {{.shape = transpose_a ? Shape{s.k, s.m} : Shape{s.m, s.k}, .fill = fill},
                     {.shape = transpose_b ? Shape{s.n, s.k} : Shape{s.k, s.n}, .fill = fill}},
          .attrs = {{"transpose_a", transpose_a}, {"transpose_b", transpose_b}},
          .tolerance = gemm(s.k),
          .backward_tolerance = gemm(std::max({s.m, s.k, s.n}))};
}

// The function in the epilogue adds its own error to the product's.
Tolerance with_function_matmul(int64_t k) {
  return {.absolute = 2e-6, .relative = 1e-5, .ulps = 1, .products = k, .reason = "a product, then a function"};
}
// Backward, every term of a sum over `terms` carries the function's error.
Tolerance with_slope_matmul(int64_t terms) {
  Tolerance t = with_function_matmul(terms);
  t.absolute *= std::sqrt(static_cast<double>(terms));
  return t;
}

void add_sizes(Cases& cases) {
  const Size sizes[] = {{1, 1, 1},    {1, 113, 1},  {7, 11, 29},  {37, 41, 89}, {113, 1, 7},     {31, 32, 33},
                        {32, 32, 32}, {33, 31, 32}, {63, 64, 65}, {64, 64, 64}, {128, 128, 128}, {129, 127, 131}};
  for (const Size& s : sizes) {
    Case c = product(s, false, false);
    c.backward = s.m != 32 && s.m != 63;
    cases.add(c);
  }
  const Size turned[] = {{1, 113, 1}, {7, 11, 29}, {33, 31, 32}, {64, 64, 64}, {65, 129, 63}};
  for (const Size& s : turned)
    for (const auto& [ta, tb] : {std::pair{false, true}, {true, false}, {true, true}}) {
      Case c = product(s, ta, tb);
      c.backward = s.m == 7 || s.m == 64;  // backward products are further ones of these, in turn
      cases.add(c);
    }

  for (const Size& s : {Size{5, 8, 12}, {37, 41, 89}, {64, 36, 32}})
    for (const bool tb : {false, true}) {
      Case c = product(s, false, tb);
      c.dtypes = {DType::f16, DType::bf16};
      cases.add(c);
    }

  // Whole numbers: every partial sum is exact, in any order.
  const Size whole[] = {{29, 113, 37}, {130, 300, 66}, {10, 2048, 9}};
  for (const Size& s : whole)
    for (const auto& [ta, tb] : {std::pair{false, false}, {false, true}, {true, false}}) {
      Case c = product(s, ta, tb, integers(-4, 4));
      c.tolerance = exact();
      cases.add(c);
    }
  Case large = product({512, 300, 400}, false, false, integers(-4, 4));
  large.tolerance = exact();
  large.backward = false;
  cases.add(large);

  Case empty = product({5, 0, 7}, false, false);
  empty.tolerance = exact();
  empty.backward = false;
  empty.degenerate = "an empty sum is zero";
  cases.add(empty);

  for (const double size : {1e-8, 7e4}) {
    Case c = product({9, 40, 12}, false, false, normal(0, size));
    c.note = "operands that f16 could not hold: f32 is f32 in shared memory too";
    c.no_differences = "a step of 1e-6 is too far or too near";
    cases.add(c);
  }
}

// In halves the matrix unit may multiply: sides below, at and above its fragments and tiles, in every layout.
void add_halves(Cases& cases) {
  const Size sizes[] = {{1, 1, 1},    {8, 8, 8},    {7, 15, 9},   {16, 16, 16},
                        {17, 33, 65}, {64, 64, 64}, {65, 31, 63}, {130, 70, 129}};
  for (const Size& s : sizes)
    for (const auto& [ta, tb] : {std::pair{false, false}, {false, true}, {true, false}, {true, true}}) {
      Case c = product(s, ta, tb);
      c.dtypes = {DType::f16};
      if (s.m > 60) c.dtypes.push_back(DType::bf16);
      c.backward = false;  // further products of these kinds
      c.no_differences = "the f32 case has them";
      cases.add(c);
    }
  Case whole = product({129, 300, 66}, false, true, integers(-4, 4));
  whole.tolerance = exact();
  whole.dtypes = {DType::f16};
  whole.backward = false;
  cases.add(whole);
  cases.add({.op = "matmul",
             .inputs = {{.shape = {3, 36, 40}}, {.shape = {3, 40, 32}}},
             .tolerance = gemm(40),
             .dtypes = {DType::f16}});
  cases.add({.op = "matmul",
             .inputs = {{.shape = {5, 1, 7, 12}}, {.shape = {3, 12, 9}}},
             .tolerance = gemm(12),
             .backward_tolerance = gemm(60),
             .dtypes = {DType::f16}});
}

void add_batches(Cases& cases) {
  const auto batched = [&](const Shape& a, const Shape& b, bool ta, bool tb, int64_t longest) {
    cases.add({.op = "matmul",
               .inputs = {{.shape = a}, {.shape = b}},
               .attrs = {{"transpose_a", ta}, {"transpose_b", tb}},
               .tolerance = gemm(longest),
               .backward_tolerance = gemm(longest)});
  };
  batched({5, 7, 11}, {5, 11, 13}, false, false, 13);
  batched({5, 11, 7}, {5, 13, 11}, true, true, 13);
  batched({3, 36, 40}, {3, 40, 32}, false, false, 40);
  batched({5, 1, 7, 12}, {3, 12, 8}, false, false, 60);
  batched({2, 3, 7, 11}, {11, 5}, false, false, 42);
  batched({4, 12, 8}, {12, 5}, true, false, 48);
  batched({7, 12}, {4, 12, 5}, false, false, 28);
  batched({2, 1, 3, 4, 6}, {1, 5, 1, 6, 4}, false, false, 60);
}

void add_epilogues(Cases& cases) {
  const auto fused = [&](Size s, bool bias, int extra, int activation, Attrs attrs = {}) {
    attrs.set("bias", bias);
    attrs.set("extra", extra);
    attrs.set("activation", activation);
    std::vector<Input> inputs = {{.shape = {s.m, s.k}}, {.shape = {s.k, s.n}}};
    if (bias) inputs.push_back({.shape = {s.n}});
    if (extra) inputs.push_back({.shape = {s.m, s.n}, .differentiable = extra != MATMUL_EXTRA_SLOPE});
    const bool kink = activation == UNARY_RELU;
    cases.add({.op = "matmul",
               .inputs = inputs,
               .attrs = attrs,
               .tolerance = with_function_matmul(s.k),
               .backward_tolerance = with_slope_matmul(std::max({s.m, s.k, s.n})),
               .no_differences = kink ? "a sum may lie at the kink" : ""});
  };
  // Ragged rows of C take one element at a time, whole ones four.
  const Size ragged = {7, 11, 29}, whole = {36, 40, 44};
  fused(ragged, true, MATMUL_EXTRA_NONE, UNARY_IDENTITY);
  fused(whole, true, MATMUL_EXTRA_NONE, UNARY_RELU);
  fused(ragged, true, MATMUL_EXTRA_NONE, UNARY_TANH);
  fused(whole, false, MATMUL_EXTRA_NONE, UNARY_GELU);
  fused(ragged, true, MATMUL_EXTRA_RESIDUAL, UNARY_SIGMOID);
  fused(whole, false, MATMUL_EXTRA_RESIDUAL, UNARY_IDENTITY, {{"alpha", .5}, {"beta", -2}});
  fused(ragged, false, MATMUL_EXTRA_SLOPE, UNARY_RELU);
  fused(whole, true, MATMUL_EXTRA_SLOPE, UNARY_TANH, {{"alpha", .5}});
  fused(ragged, false, MATMUL_EXTRA_NONE, UNARY_LEAKY_RELU, {{"a", .2}});
  const auto half = [&](Size s, int extra) {
    cases.add({.op = "matmul",
               .inputs = {{.shape = {s.m, s.k}}, {.shape = {s.k, s.n}}, {.shape = {s.n}}, {.shape = {s.m, s.n}}},
               .attrs = {{"bias", true}, {"extra", extra}, {"activation", UNARY_TANH}},
               .tolerance = with_function_matmul(s.k),
               .dtypes = {DType::f16, DType::bf16},
               .backward = extra == MATMUL_EXTRA_RESIDUAL});
  };
  half({7, 12, 10}, MATMUL_EXTRA_RESIDUAL);
  half({70, 40, 68}, MATMUL_EXTRA_RESIDUAL);
  half({36, 40, 44}, MATMUL_EXTRA_SLOPE);
}

// A mask at the end, and the sums of A's rows beside C: what training with dropout and biases makes of products.
void add_masks_and_sums(Cases& cases) {
  const Input state = {.shape = {32}, .fill = integers(0, 1 << 30), .dtype = DType::u32, .differentiable = false};
  for (const Size& s : {Size{7, 11, 29}, {36, 40, 44}, {70, 13, 66}}) {
    Case c = product(s, false, true);
    c.inputs.push_back({.shape = {s.n}});
    if (s.m == 36) c.inputs.push_back({.shape = {s.m, s.n}});
    c.inputs.push_back(state);
    c.attrs.set("bias", true);
    c.attrs.set("extra", s.m == 36 ? MATMUL_EXTRA_RESIDUAL : MATMUL_EXTRA_NONE);
    c.attrs.set("activation", UNARY_TANH);
    c.attrs.set("dropout", .4);
    c.attrs.set("seed", 7);
    c.tolerance = with_function_matmul(s.k);
    c.backward_tolerance = with_slope_matmul(std::max({s.m, s.k, s.n}));
    if (s.m == 36) c.dtypes = kHalf;
    cases.add(c);
  }
  for (const Size& s : {Size{5, 3, 7}, {10, 128, 84}, {33, 65, 9}, {130, 300, 66}, {64, 1030, 12}}) {
    Case c = product(s, true, false, integers(-4, 4));
    c.tolerance = exact();
    c.attrs.set("row_sums", true);
    c.backward = false;  // of what backward makes
    if (s.m == 10 || s.m == 33) c.dtypes = kHalf;
    cases.add(c);
  }
  Case rows = product({9, 20, 5}, false, true);
  rows.attrs.set("row_sums", true);
  rows.backward = false;
  cases.add(rows);
}

// What the rewrites make of public functions on a device, against the reference, which knows no rewrites.
void add_fusions(Cases& cases) {
  const auto network = [&](const char* note, Build build, int64_t width) {
    cases.add({.op = "matmul",
               .inputs = {{.shape = {9, 13}},
                          {.shape = {width, 13}, .fill = normal(0, .3)},
                          {.shape = {width}},
                          {.shape = {7, width}, .fill = normal(0, .3)}},
               .tolerance = with_function_matmul(width),
               .backward_tolerance = with_slope_matmul(4 * width),
               .note = note,
               .dtypes = {DType::f32},
               .no_differences = "a sum may lie at the kink",
               .build = std::move(build)});
  };
  for (const int64_t width : {12, 17}) {
    network(
        "linear, bias, relu, linear",
        [](Graph&, const std::vector<Value>& in) {
          return std::vector{linear(relu(linear(in[0], in[1], in[2])), in[3])};
        },
        width);
    network(
        "linear, bias, GELU, linear",
        [](Graph&, const std::vector<Value>& in) {
          return std::vector{linear(gelu(linear(in[0], in[1], in[2])), in[3])};
        },
        width);
  }
}

void add_einsums(Cases& cases) {
  const auto add = [&](const char* equation, std::vector<Shape> shapes, int64_t terms) {
    std::vector<Input> inputs;
    for (const Shape& shape : shapes) inputs.push_back({.shape = shape});
    cases.add({.op = "einsum",
               .inputs = std::move(inputs),
               .tolerance = gemm(terms),
               .backward_tolerance = gemm(256),
               .note = equation,
               .degenerate = "what is off a diagonal has no gradient",
               .nan_spreads = "terms of 0 are multiplied",
               .build = [equation](Graph&, const std::vector<Value>& in) -> std::vector<Value> {
                 return {einsum(equation, in)};
               }});
  };
  add("ij,jk->ik", {{7, 11}, {11, 13}}, 11);
  add("bij, bkj -> bik", {{3, 5, 11}, {3, 7, 11}}, 11);
  add("bhqd,bhkd->bhqk", {{2, 3, 5, 8}, {2, 3, 7, 8}}, 8);
  add("ij,kl->likj", {{3, 5}, {7, 2}}, 1);
  add("ijk,ik->j", {{3, 5, 7}, {3, 7}}, 21);
  add("iji->j", {{4, 5, 4}}, 4);
  add("ii", {{7, 7}}, 7);
  add("iij,jkk->ik", {{5, 5, 3}, {3, 4, 4}}, 3);
  add("...ij,...jk", {{2, 1, 3, 4}, {5, 4, 2}}, 4);
  add("i...->...", {{3, 4, 5}}, 3);
  add("ba,cb", {{3, 4}, {5, 3}}, 3);
  add("ij,jk,kl->il", {{3, 5}, {5, 4}, {4, 7}}, 20);
  add("ij,ij->", {{5, 7}, {5, 7}}, 35);
  add("ij,ij->ji", {{5, 7}, {5, 7}}, 1);
  add("ik,jk->ij", {{5, 1}, {3, 7}}, 7);
  add(",i->i", {{}, {5}}, 1);
}

}  // namespace

LEMNOS_OP_CASES(matmul) {
  add_sizes(cases);
  add_halves(cases);
  add_batches(cases);
  add_epilogues(cases);
  add_masks_and_sums(cases);
  add_fusions(cases);
  add_einsums(cases);
}
