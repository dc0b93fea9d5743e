#include <algorithm>
#include <cmath>

#include "check/case.h"
#include "lemnos/ops.h"
#include "shaders/common/unary_functions.h"

namespace {

using namespace lemnos;
using namespace lemnos::check;

struct Item {
  Shape x, weight;
  std::vector<int64_t> stride{1, 1}, padding{0, 0}, dilation{1, 1};
  int64_t groups = 1;
  bool bias = false;
};

int64_t products(const Item& i) { return i.weight[1] * i.weight[2] * i.weight[3]; }
// Of the gradients: positions for the weight's, channels and taps for the input's.
int64_t most_products(const Item& i) {
  return std::max(i.x[0] * i.x[2] * i.x[3], i.weight[0] * i.weight[2] * i.weight[3]);
}

Case convolution(const Item& i, Fill fill) {
  std::vector<Input> inputs = {{.shape = i.x, .fill = fill}, {.shape = i.weight, .fill = fill}};
  if (i.bias) inputs.push_back({.shape = {i.weight[0]}, .fill = fill});
  return {.op = "conv2d",
          .inputs = inputs,
          .attrs = {{"stride", i.stride},
                    {"padding", i.padding},
                    {"dilation", i.dilation},
                    {"groups", i.groups},
                    {"bias", i.bias}},
          .tolerance = gemm(products(i)),
          .backward_tolerance = gemm(most_products(i))};
}

const Item kConvItems[] = {
    {{1, 1, 1, 1}, {1, 1, 1, 1}},
    {{2, 3, 7, 11}, {5, 3, 1, 1}},                                    // a product
    {{2, 3, 7, 11}, {5, 3, 3, 3}, {1, 1}, {1, 1}, {1, 1}, 1, true},   // odd everything
    {{2, 2, 8, 12}, {8, 2, 3, 3}, {1, 1}, {1, 1}, {1, 1}, 1, true},   // sliding, whole groups of four
    {{3, 1, 28, 28}, {6, 1, 5, 5}, {1, 1}, {2, 2}, {1, 1}, 1, true},  // LeNet's first
    {{1, 6, 12, 12}, {16, 6, 5, 5}},                                  // and second
    {{2, 9, 9, 9}, {11, 9, 3, 3}, {2, 2}, {1, 1}},                    // stride
    {{1, 2, 13, 17}, {3, 2, 3, 3}, {3, 2}, {2, 1}, {2, 3}},           // everything uneven
    {{1, 2, 11, 11}, {3, 2, 2, 2}, {3, 3}},                           // stride past the kernel
    {{1, 4, 3, 7}, {5, 4, 2, 1}, {2, 2}},                             // one row of windows
    {{2, 3, 7, 2}, {4, 3, 1, 2}, {2, 2}},                             // and one column
    {{2, 4, 10, 10}, {4, 4, 2, 2}, {4, 4}, {1, 1}},                   // and with padding
    {{1, 3, 9, 16}, {4, 3, 3, 3}, {1, 1}, {2, 2}, {2, 2}, 1, true},   // dilation
    {{2, 6, 7, 8}, {9, 2, 3, 3}, {1, 1}, {1, 1}, {1, 1}, 3, true},    // groups
    {{2, 7, 9, 8}, {7, 1, 3, 3}, {1, 1}, {1, 1}, {1, 1}, 7, true},    // depthwise
    {{1, 5, 9, 9}, {10, 1, 3, 3}, {2, 2}, {1, 1}, {1, 1}, 5},         // depthwise, two of each, stride
    {{2, 3, 1, 37}, {4, 3, 1, 9}, {1, 1}, {0, 4}},                    // a long row of taps
    {{2, 3, 1, 41}, {4, 3, 1, 5}, {1, 2}, {0, 2}},                    // one dimension
    {{1, 2, 5, 5}, {3, 2, 5, 5}},                                     // a result of one position
    {{1, 17, 4, 4}, {13, 17, 3, 3}, {1, 1}, {3, 3}},                  // padding past the kernel
    {{113, 1, 3, 3}, {1, 1, 2, 2}},                                   // many images
    {{5, 8, 14, 14}, {32, 8, 3, 3}, {1, 1}, {1, 1}},
    {{1, 3, 8, 7}, {70, 3, 2, 2}},                   // more than a tile of channels
    {{1, 3, 31, 33}, {7, 3, 7, 7}, {2, 2}, {3, 3}},  // ResNet's first
};

// The function in the epilogue adds its own error to the sum's; backward, every term of a sum carries it.
Tolerance with_function_conv(int64_t products) {
  return {.absolute = 2e-6, .relative = 1e-5, .ulps = 1, .products = products, .reason = "a sum, then a function"};
}
Tolerance with_slope_conv(int64_t terms) {
  Tolerance t = with_function_conv(terms);
  t.absolute *= std::sqrt(static_cast<double>(terms));
  return t;
}

Attrs shared(const Item& i) {
  return {{"stride", i.stride}, {"padding", i.padding}, {"dilation", i.dilation}, {"groups", i.groups}};
}
Shape result_of(const Item& i) {
  const auto extent = [&](size_t axis) {
    const int64_t reach = i.dilation[axis] * (i.weight[2 + axis] - 1) + 1;
    return (i.x[2 + axis] + 2 * i.padding[axis] - reach) / i.stride[axis] + 1;
  };
  return {i.x[0], i.weight[0], extent(0), extent(1)};
}
Case toward_input(const Item& i, Fill fill) {
  Attrs attrs = shared(i);
  attrs.set("height", i.x[2]);
  attrs.set("width", i.x[3]);
  return {.op = "conv2d_input",
          .inputs = {{.shape = result_of(i), .fill = fill}, {.shape = i.weight, .fill = fill}},
          .attrs = attrs};
}
Case toward_weight(const Item& i, Fill fill) {
  Attrs attrs = shared(i);
  attrs.set("kernel", {i.weight[2], i.weight[3]});
  return {.op = "conv2d_weight",
          .inputs = {{.shape = i.x, .fill = fill}, {.shape = result_of(i), .fill = fill}},
          .attrs = attrs};
}

// Whole numbers: every partial sum is exact, in any order.
std::vector<Case> whole_numbers(const Item& i) {
  const Fill fill = integers(-3, 3);
  std::vector<Case> all = {convolution(i, fill), toward_input(i, fill), toward_weight(i, fill)};
  for (Case& c : all) {
    c.tolerance = exact();
    c.backward = false;
    c.note = "sums of whole numbers are exact";
    if (i.stride[0] > i.weight[2])
      c.degenerate = "where the stride passes the kernel, most of the input has no gradient";
  }
  return all;
}

}  // namespace

LEMNOS_OP_CASES(conv) {
  for (const Item& item : kConvItems) {
    cases.add(convolution(item, normal()));
    Case half = convolution(item, normal());
    half.dtypes = {DType::f16, DType::bf16};
    if (item.x.elements() < 600) cases.add(half);
    for (const Case& whole : whole_numbers(item)) cases.add(whole);
  }
  const Item large = {{4, 16, 32, 32}, {24, 16, 3, 3}, {1, 1}, {1, 1}};
  for (const Case& whole : whole_numbers(large)) cases.add(whole);

  // With a function in the epilogue: one whose slope is of the output, and one whose sum is computed again backward.
  for (const size_t i : {2, 6})
    for (const int function : {UNARY_TANH, UNARY_SILU}) {
      Case c = convolution(kConvItems[i], normal(0, .5));
      c.attrs.set("activation", function);
      c.tolerance = with_function_conv(products(kConvItems[i]));
      c.backward_tolerance = with_slope_conv(most_products(kConvItems[i]));
      cases.add(c);
    }

  // The gradients are ops of their own, with gradients.
  for (const size_t i : {2, 6, 7, 11, 13}) {
    Case input = toward_input(kConvItems[i], normal()), weight = toward_weight(kConvItems[i], normal());
    for (Case* c : {&input, &weight}) {
      c->tolerance = gemm(most_products(kConvItems[i]));
      c->dtypes = kHalf;
      cases.add(*c);
    }
  }

  const auto transposed = [&](const Shape& x, const Shape& weight, ConvTranspose2dOptions options) {
    cases.add({.op = "conv_transpose2d",
               .inputs = {{.shape = x}, {.shape = weight}, {.shape = {weight[1] * options.groups}}},
               .tolerance = gemm(std::max(x[1] * weight[2] * weight[3], x[0] * x[2] * x[3])),
               .build = [options](Graph&, const std::vector<Value>& in) -> std::vector<Value> {
                 return {conv_transpose2d(in[0], in[1], in[2], options)};
               }});
  };
  transposed({2, 3, 5, 7}, {3, 4, 3, 3}, {});
  transposed({2, 3, 5, 7}, {3, 4, 3, 3}, {.stride = {2, 2}, .padding = {1, 1}, .output_padding = {1, 1}});
  transposed({1, 6, 4, 4}, {6, 2, 2, 2}, {.stride = {2, 2}, .groups = 3});
  transposed({2, 2, 6, 5}, {2, 3, 3, 2}, {.stride = {3, 1}, .padding = {0, 1}, .dilation = {1, 2}});

  const auto volumes = [&](const Shape& x, const Shape& weight, Conv3dOptions options) {
    cases.add({.op = "conv3d",
               .inputs = {{.shape = x}, {.shape = weight}, {.shape = {weight[0]}}},
               .tolerance = gemm(x.elements() / x[1]),
               .backward_tolerance = gemm(std::max(x.elements() / x[1], weight.elements())),
               .build = [options](Graph&, const std::vector<Value>& in) -> std::vector<Value> {
                 return {conv3d(in[0], in[1], in[2], options)};
               }});
  };
  volumes({2, 3, 4, 5, 7}, {4, 3, 2, 3, 3}, {});
  volumes({1, 4, 5, 4, 6}, {6, 2, 3, 3, 2},
          {.stride = {2, 1, 3}, .padding = {2, 1, 0}, .dilation = {1, 1, 2}, .groups = 2});
  volumes({1, 2, 6, 3, 3}, {3, 2, 2, 1, 1}, {.stride = {3, 1, 1}, .padding = {1, 0, 0}, .dilation = {2, 1, 1}});
  const auto transposed_volumes = [&](const Shape& x, const Shape& weight, ConvTranspose3dOptions options) {
    cases.add({.op = "conv_transpose3d",
               .inputs = {{.shape = x}, {.shape = weight}, {.shape = {weight[1] * options.groups}}},
               .tolerance = gemm(std::max(weight.elements(), x.elements() / x[1])),
               .build = [options](Graph&, const std::vector<Value>& in) -> std::vector<Value> {
                 return {conv_transpose3d(in[0], in[1], in[2], options)};
               }});
  };
  transposed_volumes({2, 3, 3, 4, 5}, {3, 4, 2, 3, 3}, {});
  transposed_volumes({1, 4, 3, 2, 3}, {4, 3, 3, 2, 2},
                     {.stride = {2, 1, 2}, .padding = {1, 0, 1}, .output_padding = {1, 0, 0}, .groups = 2});
  transposed_volumes({1, 2, 4, 2, 3}, {2, 3, 2, 1, 2},
                     {.stride = {3, 1, 1}, .padding = {2, 0, 0}, .dilation = {2, 1, 1}});

  cases.add({.op = "conv1d",
             .inputs = {{.shape = {3, 4, 29}}, {.shape = {6, 2, 5}}, {.shape = {6}}},
             .tolerance = gemm(3 * 29),
             .build = [](Graph&, const std::vector<Value>& in) -> std::vector<Value> {
               return {conv1d(in[0], in[1], in[2], {.stride = 2, .padding = 3, .dilation = 2, .groups = 2})};
             }});
  cases.add({.op = "conv2d",
             .inputs = {{.shape = {0, 3, 8, 8}}, {.shape = {4, 3, 3, 3}}},
             .tolerance = exact(),
             .note = "no pictures: the weight's gradient is zero",
             .degenerate = "a sum over nothing"});
}
