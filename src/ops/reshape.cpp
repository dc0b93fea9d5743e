// reshape: the same elements under another shape. stop_gradient: the same under the same, but no gradient passes.
// Views: nothing moves.

#include <algorithm>

#include "lemnos/ops.h"
#include "ops/lowering.h"
#include "reference/reshape.h"

namespace lemnos::ops {
namespace {

std::vector<TensorDesc> infer_reshape(const Infer& in) {
  require_inputs(in, 1);
  const Shape shape = in.attrs<ReshapeAttrs>().shape;
  require(shape.elements() == in.in[0].elements(), ErrorCode::shape_mismatch, in.op.name, ": shape ", shape, " has ",
          shape.elements(), " elements, x ", in.in[0].shape, " has ", in.in[0].elements());
  return {{shape, in.in[0].dtype}};
}

std::vector<Value> grad_reshape(Grad& g) { return {reshape(g.dy(), g.in(0).shape())}; }

std::vector<TensorDesc> infer_same(const Infer& in) {
  require_inputs(in, 1);
  return {in.in[0]};
}
std::vector<Value> no_reshape_grad(Grad&) { return {}; }

constexpr Alias kViews[] = {{0, 0}};
const OpDef kReshapeOps[] = {
    {"reshape", infer_reshape, grad_reshape, nullptr, nullptr, attrs_of<ReshapeAttrs>, {}, {}, kViews},
    {"stop_gradient", infer_same, no_reshape_grad, nullptr, nullptr, {}, {}, {}, kViews}};

}  // namespace

std::span<const OpDef> reshape_ops() { return kReshapeOps; }

const OpDef& stop_gradient_op() { return kReshapeOps[1]; }

Value reshape_to(Value x, Shape shape) {
  if (shape == x.shape()) return x;
  return x.graph().add(kReshapeOps[0], {x}, ReshapeAttrs{.shape = shape});
}

}  // namespace lemnos::ops

namespace lemnos {

Value reshape(Value x, std::span<const int64_t> shape) {
  std::vector<int64_t> extents(shape.begin(), shape.end());
  const auto open = std::ranges::find(extents, -1);
  if (open != extents.end()) {
    int64_t rest = 1;
    for (auto it = extents.begin(); it != extents.end(); ++it)
      if (it != open) rest *= *it;
    require(rest > 0 && x.desc().elements() % rest == 0, ErrorCode::shape_mismatch, "reshape: the other extents make ",
            rest, ", which does not divide the ", x.desc().elements(), " elements of ", x.shape());
    *open = x.desc().elements() / rest;
  }
  return ops::reshape_to(x, Shape(extents));
}

Value reshape(Value x, const Shape& shape) { return ops::reshape_to(x, shape); }

Value stop_gradient(Value x) { return x.graph().add(ops::stop_gradient_op(), {x}); }

Value flatten(Value x, int64_t from_axis) {
  if (x.shape().rank() == 0) return reshape(x, Shape{1});
  const size_t from = x.shape().axis(from_axis, "flatten");
  std::vector<int64_t> extents(x.shape().begin(), x.shape().begin() + from);
  int64_t joined = 1;
  for (size_t i = from; i < x.shape().rank(); ++i) joined *= x.shape()[i];
  extents.push_back(joined);
  return ops::reshape_to(x, Shape(extents));
}

}  // namespace lemnos
