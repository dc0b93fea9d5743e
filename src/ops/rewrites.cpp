// The fusions: what follows a product moves into its epilogue, so that C is written once and never read again for it.
//
//   matmul + bias              -> matmul with bias          where nobody else reads the sum
//   matmul + R of C's shape    -> matmul with a residual
//   f(matmul), f(conv2d)       -> with an activation, f any function of one operand
//   dy f'(s), dy a matmul      -> matmul times the slope: what the backward pass of f does to the product before it
//   dropout(matmul)            -> matmul with a mask, which commutes with a slope but with no other epilogue
//   relu, then dropout         -> backward takes the slope from what dropout leaves, so that nobody else needs the relu
//   A^T B, and A summed over K -> matmul with sums of rows: the gradients of a weight and of its bias
#include "ops/rewrites.h"

#include <algorithm>
#include <numeric>
#include <string_view>

#include "ops/op_table.h"
#include "reference/conv.h"
#include "reference/dropout.h"
#include "reference/matmul.h"
#include "reference/reduce.h"
#include "reference/unary.h"
#include "shaders/common/gemm_extra.h"
#include "shaders/common/unary_functions.h"

namespace lemnos {
namespace {

bool is(const Node& node, std::string_view name) { return name == node.op->name; }

/// The product that makes `value`, which one node only reads, or null.
const Node* own_product(const GraphEdit& edit, int value) {
  const int maker = edit.producer(value);
  if (maker < 0 || !edit.only_read_once(value)) return nullptr;
  const Node& node = edit.node(maker);
  return is(node, "matmul") && node.outputs.size() == 1 ? &node : nullptr;
}
MatmulAttrs attrs_of_product(const Node& product) { return product.attrs.as<MatmulAttrs>(); }
bool has_mask(const Node& product) { return attrs_of_product(product).dropout > 0; }

/// The product that makes `value` and may still be given an epilogue, or null: it has no function and no mask yet.
const Node* open_product(const GraphEdit& edit, int value) {
  const Node* node = own_product(edit, value);
  if (!node) return nullptr;
  const MatmulAttrs attrs = attrs_of_product(*node);
  const bool open = attrs.activation == UNARY_IDENTITY && attrs.dropout == 0 && attrs.extra != MATMUL_EXTRA_SLOPE;
  return open ? node : nullptr;
}

/// The convolution likewise: only a function may be added to it.
const Node* open_convolution(const GraphEdit& edit, int value) {
  const int maker = edit.producer(value);
  if (maker < 0 || !edit.only_read_once(value)) return nullptr;
  const Node& node = edit.node(maker);
  const bool convolution = is(node, "conv2d") || is(node, "conv2d_input");
  return convolution && node.attrs.as<ConvEpilogue>().activation == UNARY_IDENTITY ? &node : nullptr;
}

const TensorDesc& desc_of(const GraphEdit& edit, int value) { return edit.graph().info(value).desc; }

bool absorb_into_sum(GraphEdit& edit, int index, int product_value, int other) {
  const Node* product = open_product(edit, product_value);
  const int made = edit.node(index).outputs[0];
  if (!product || product_value == other || desc_of(edit, made) != desc_of(edit, product_value)) return false;
  if (desc_of(edit, other).dtype != desc_of(edit, made).dtype) return false;  // a boolean
  const Shape& shape = desc_of(edit, made).shape;
  MatmulAttrs attrs = attrs_of_product(*product);
  std::vector<int> inputs = product->inputs;
  const bool has_extra = attrs.extra != MATMUL_EXTRA_NONE;
  if (desc_of(edit, other).shape == Shape{shape[shape.rank() - 1]} && !attrs.bias) {
    attrs.bias = true;
    inputs.insert(inputs.begin() + 2, other);
  } else if (desc_of(edit, other).shape == shape && !has_extra) {
    attrs.extra = MATMUL_EXTRA_RESIDUAL;
    inputs.push_back(other);
  } else {
    return false;
  }
  const OpDef& op = *product->op;
  edit.replace(index, op, std::move(inputs), attrs);
  return true;
}

bool fuse_sum(GraphEdit& edit, int index) {
  const Node& node = edit.node(index);
  if (!is(node, "add")) return false;
  const int a = node.inputs[0], b = node.inputs[1];
  return absorb_into_sum(edit, index, a, b) || absorb_into_sum(edit, index, b, a);
}

bool fuse_activation(GraphEdit& edit, int index) {
  const Node& node = edit.node(index);
  const auto functions = reference::unary_functions();
  size_t number = 0;
  while (number < UNARY_EPILOGUES && !is(node, functions[number].name)) ++number;
  if (number == UNARY_EPILOGUES || number == UNARY_IDENTITY) return false;
  const auto function = node.attrs.as<UnaryAttrs>();
  const auto become = [&](const Node& maker, Attrs attrs) {
    const OpDef& op = *maker.op;
    std::vector<int> inputs = maker.inputs;
    edit.replace(index, op, std::move(inputs), std::move(attrs));
    return true;
  };
  if (const Node* product = open_product(edit, node.inputs[0])) {
    MatmulAttrs attrs = attrs_of_product(*product);
    attrs.activation = static_cast<int64_t>(number);
    attrs.a = function.a;
    attrs.b = function.b;
    return become(*product, attrs);
  }
  const Node* convolution = open_convolution(edit, node.inputs[0]);
  if (!convolution) return false;
  const ConvEpilogue epilogue{.bias = convolution->attrs.as<ConvEpilogue>().bias,
                              .activation = static_cast<int64_t>(number),
                              .a = function.a,
                              .b = function.b};
  if (is(*convolution, "conv2d")) {
    auto attrs = convolution->attrs.as<Conv2dAttrs>();
    attrs.epilogue = epilogue;
    return become(*convolution, attrs);
  }
  auto attrs = convolution->attrs.as<ConvInputAttrs>();
  attrs.epilogue = epilogue;
  return become(*convolution, attrs);
}

bool fuse_slope(GraphEdit& edit, int index) {
  const Node& node = edit.node(index);
  if (!is(node, "unary_backward")) return false;
  const int saved = node.inputs[0], dy = node.inputs[1];
  const Node* product = own_product(edit, dy);
  if (!product || saved == dy) return false;
  MatmulAttrs attrs = attrs_of_product(*product);
  if (attrs.extra != MATMUL_EXTRA_NONE || attrs.activation != UNARY_IDENTITY) return false;
  const auto slope = node.attrs.as<UnaryBackwardAttrs>();
  if (slope.function >= UNARY_EPILOGUES) return false;
  attrs.extra = MATMUL_EXTRA_SLOPE;
  attrs.activation = slope.function;
  attrs.a = slope.a;
  attrs.b = slope.b;
  std::vector<int> inputs = product->inputs;
  inputs.insert(has_mask(*product) ? inputs.end() - 1 : inputs.end(), saved);  // the mask's state comes last
  const OpDef& op = *product->op;
  edit.replace(index, op, std::move(inputs), attrs);
  return true;
}

bool fuse_dropout(GraphEdit& edit, int index) {
  const Node& node = edit.node(index);
  if (!is(node, "dropout")) return false;
  const auto dropout = node.attrs.as<DropoutAttrs>();
  if (dropout.per_mask != 1 || dropout.rate == 0) return false;
  const Node* product = own_product(edit, node.inputs[0]);
  if (!product || has_mask(*product)) return false;
  MatmulAttrs attrs = attrs_of_product(*product);
  attrs.dropout = dropout.rate;
  attrs.seed = dropout.seed;
  attrs.stream = dropout.stream;
  std::vector<int> inputs = product->inputs;
  inputs.push_back(node.inputs[1]);
  const OpDef& op = *product->op;
  edit.replace(index, op, std::move(inputs), attrs);
  return true;
}

/// Is `value` made with the mask of this dropout: by another, or by a product that has one?
bool is_masked_by(const GraphEdit& edit, int value, const Node& dropout) {
  if (edit.producer(value) < 0) return false;
  const Node& maker = edit.node(edit.producer(value));
  const auto mask = dropout.attrs.as<DropoutAttrs>();
  DropoutAttrs other;
  if (is(maker, "matmul") && has_mask(maker)) {
    const MatmulAttrs product = attrs_of_product(maker);
    other = {.rate = product.dropout, .seed = product.seed, .stream = product.stream, .per_mask = mask.per_mask};
  } else if (is(maker, "dropout")) {
    other = maker.attrs.as<DropoutAttrs>();
  } else {
    return false;
  }
  return other == mask && maker.inputs.back() == dropout.inputs.back();
}

// Where an element is kept, its sign is the relu's; where it is not, its gradient is zero already.
bool share_relu(GraphEdit& edit, int index) {
  const Node& dropout = edit.node(index);
  if (!is(dropout, "dropout")) return false;
  const int relu = dropout.inputs[0], kept = dropout.outputs[0];
  const std::vector<int> readers = edit.readers(relu);
  if (readers.size() != 2 || readers[0] != index || edit.is_target(relu)) return false;
  const Node& backward = edit.node(readers[1]);
  if (!is(backward, "unary_backward") || backward.attrs.as<UnaryBackwardAttrs>().function != UNARY_RELU ||
      backward.inputs[0] != relu || backward.inputs[1] == relu || !is_masked_by(edit, backward.inputs[1], dropout))
    return false;
  edit.redirect(readers[1], relu, kept);
  return true;
}

// What `value` is a view of, under another shape.
int unshaped(const GraphEdit& edit, int value) {
  for (int maker = edit.producer(value); maker >= 0 && is(edit.node(maker), "reshape"); maker = edit.producer(value))
    value = edit.node(maker).inputs[0];
  return value;
}

/// The nodes that read `value`, under any shape.
void add_readers(const GraphEdit& edit, int value, std::vector<int>& found) {
  for (int reader : edit.readers(value)) {
    found.push_back(reader);
    if (is(edit.node(reader), "reshape")) add_readers(edit, edit.node(reader).outputs[0], found);
  }
}

bool fuse_row_sums(GraphEdit& edit, int index) {
  const Node& node = edit.node(index);
  if (!is(node, "sum")) return false;
  const auto sum = node.attrs.as<ReduceAttrs>();
  if (sum.keep) return false;
  const Shape& shape = desc_of(edit, node.inputs[0]).shape;
  std::vector<int64_t> leading(shape.rank() > 0 ? shape.rank() - 1 : 0);
  std::iota(leading.begin(), leading.end(), 0);
  if (leading.empty() || sum.axes != leading) return false;
  std::vector<int> readers;
  add_readers(edit, unshaped(edit, node.inputs[0]), readers);
  std::ranges::sort(readers);
  for (int reader : readers) {
    const Node& product = edit.node(reader);
    if (!is(product, "matmul") || product.outputs.size() != 1 || !attrs_of_product(product).transpose_a ||
        unshaped(edit, product.inputs[0]) != unshaped(edit, node.inputs[0]))
      continue;
    const Shape& a = desc_of(edit, product.inputs[0]).shape;
    if (desc_of(edit, product.outputs[0]).shape.rank() != 2 || a[1] != shape[shape.rank() - 1]) continue;
    MatmulAttrs attrs = attrs_of_product(product);
    attrs.row_sums = true;
    const OpDef& op = *product.op;
    std::vector<int> inputs = product.inputs;
    if (edit.merge(reader, index, op, std::move(inputs), attrs)) return true;
  }
  return false;
}

constexpr Rewrite kRewrites[] = {{"matmul_sum", fuse_sum},     {"activation", fuse_activation},
                                 {"matmul_slope", fuse_slope}, {"relu_then_dropout", share_relu},
                                 {"dropout", fuse_dropout},    {"row_sums", fuse_row_sums}};

}  // namespace

std::span<const Rewrite> rewrites() { return kRewrites; }

}  // namespace lemnos
