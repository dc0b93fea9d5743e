// The fusions: what follows a product moves into its epilogue, so that C is written once and never read again for it.
//
//   matmul + bias              -> matmul with bias          where nobody else reads the sum
//   matmul + R of C's shape    -> matmul with a residual
//   f(matmul), f(conv2d)       -> with an activation, f any function of one operand
//   dy f'(s), dy a matmul      -> matmul times the slope: what the backward pass of f does to the product before it
#include "ops/rewrites.h"

#include <string_view>

#include "ops/op_table.h"
#include "reference/unary.h"
#include "shaders/common/gemm_extra.h"
#include "shaders/common/unary_functions.h"

namespace lemnos {
namespace {

bool is(const Node& node, std::string_view name) { return name == node.op->name; }

/// The product that makes `value` and may still be given an epilogue, or null: it has no function yet, and its result
/// is read by one node only.
const Node* open_product(const GraphEdit& edit, int value) {
  const int maker = edit.producer(value);
  if (maker < 0 || !edit.only_read_once(value)) return nullptr;
  const Node& node = edit.node(maker);
  if (!is(node, "matmul") || node.attrs.integer("activation") != UNARY_IDENTITY) return nullptr;
  return node.attrs.integer("extra") == MATMUL_EXTRA_SLOPE ? nullptr : &node;
}

/// The convolution likewise: only a function may be added to it.
const Node* open_convolution(const GraphEdit& edit, int value) {
  const int maker = edit.producer(value);
  if (maker < 0 || !edit.only_read_once(value)) return nullptr;
  const Node& node = edit.node(maker);
  const bool convolution = is(node, "conv2d") || is(node, "conv2d_input");
  return convolution && node.attrs.integer("activation") == UNARY_IDENTITY ? &node : nullptr;
}

const TensorDesc& desc_of(const GraphEdit& edit, int value) { return edit.graph().info(value).desc; }

bool absorb_into_sum(GraphEdit& edit, int index, int product_value, int other) {
  const Node* product = open_product(edit, product_value);
  const int made = edit.node(index).outputs[0];
  if (!product || product_value == other || desc_of(edit, made) != desc_of(edit, product_value)) return false;
  const Shape& shape = desc_of(edit, made).shape;
  Attrs attrs = product->attrs;
  std::vector<int> inputs = product->inputs;
  const bool has_extra = attrs.integer("extra") != MATMUL_EXTRA_NONE;
  if (desc_of(edit, other).shape == Shape{shape[shape.rank() - 1]} && !attrs.flag("bias")) {
    attrs.set("bias", true);
    inputs.insert(inputs.begin() + 2, other);
  } else if (desc_of(edit, other).shape == shape && !has_extra) {
    attrs.set("extra", MATMUL_EXTRA_RESIDUAL);
    inputs.push_back(other);
  } else {
    return false;
  }
  const OpDef& op = *product->op;
  edit.replace(index, op, std::move(inputs), std::move(attrs));
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
  while (number < functions.size() && !is(node, functions[number].name)) ++number;
  if (number == functions.size() || number == UNARY_IDENTITY) return false;
  const Node* product = open_product(edit, node.inputs[0]);
  if (!product) product = open_convolution(edit, node.inputs[0]);
  if (!product) return false;
  Attrs attrs = product->attrs;
  attrs.set("activation", static_cast<int64_t>(number));
  attrs.set("a", node.attrs.real("a"));
  attrs.set("b", node.attrs.real("b"));
  const OpDef& op = *product->op;
  std::vector<int> inputs = product->inputs;
  edit.replace(index, op, std::move(inputs), std::move(attrs));
  return true;
}

bool fuse_slope(GraphEdit& edit, int index) {
  const Node& node = edit.node(index);
  if (!is(node, "unary_backward")) return false;
  const int saved = node.inputs[0], dy = node.inputs[1];
  const Node* product = open_product(edit, dy);
  if (!product || saved == dy || product->attrs.integer("extra") != MATMUL_EXTRA_NONE) return false;
  Attrs attrs = product->attrs;
  attrs.set("extra", MATMUL_EXTRA_SLOPE);
  attrs.set("activation", node.attrs.integer("function"));
  attrs.set("a", node.attrs.real("a"));
  attrs.set("b", node.attrs.real("b"));
  std::vector<int> inputs = product->inputs;
  inputs.push_back(saved);
  const OpDef& op = *product->op;
  edit.replace(index, op, std::move(inputs), std::move(attrs));
  return true;
}

constexpr Rewrite kRewrites[] = {
    {"matmul_sum", fuse_sum}, {"activation", fuse_activation}, {"matmul_slope", fuse_slope}};

}  // namespace

std::span<const Rewrite> rewrites() { return kRewrites; }

}  // namespace lemnos
