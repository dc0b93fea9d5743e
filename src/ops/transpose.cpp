// transpose: y[i_0, i_1, ...] = x with its axes in the order `axes`: axis k of y is axis axes[k] of x.

#include "shaders/transpose.h"

#include <algorithm>
#include <numeric>

#include "lemnos/ops.h"
#include "ops/broadcast.h"
#include "ops/formats.h"
#include "ops/lowering.h"
#include "ops/move.h"
#include "ops/turn.h"
#include "reference/transpose.h"

namespace lemnos::ops {
namespace {

Strides strides_of_transpose(const Shape& x, const std::vector<int64_t>& order) {
  const auto dense = dense_strides(x);
  Strides strides;
  for (size_t i = 0; i < order.size(); ++i) strides.stride[i] = dense[static_cast<size_t>(order[i])];
  return strides;
}

std::vector<TensorDesc> infer_transpose(const Infer& in) {
  require_inputs(in, 1);
  const Shape& x = in.in[0].shape;
  const std::vector<int64_t> axes = in.attrs<TransposeAttrs>().axes;
  require(axes.size() == x.rank(), ErrorCode::shape_mismatch, in.op.name, ": ", axes.size(), " axes for shape ", x,
          ", which has ", x.rank());
  std::vector<int64_t> extents;
  for (size_t i = 0; i < axes.size(); ++i) {
    require(axes[i] >= 0 && axes[i] < static_cast<int64_t>(x.rank()) && std::ranges::count(axes, axes[i]) == 1,
            ErrorCode::invalid_argument, in.op.name, ": axis ", axes[i], " of shape ", x,
            " is out of range or repeated");
    extents.push_back(x[static_cast<size_t>(axes[i])]);
  }
  require_movable(x, Shape(extents), strides_of_transpose(x, axes), in.op.name);
  return {{Shape(extents), in.in[0].dtype}};
}

// The axes of y, those of extent 1 left out and those that stay neighbours joined; `x` is the stride there.
struct Axis {
  int64_t extent, x, y;
};
std::vector<Axis> fold_transpose(const Shape& x, const std::vector<int64_t>& order) {
  const auto dense = dense_strides(x);
  std::vector<Axis> axes;
  for (int64_t k : order) {
    const size_t at = static_cast<size_t>(k);
    if (x[at] == 1) continue;
    if (!axes.empty() && axes.back().x == dense[at] * x[at]) {
      axes.back().extent *= x[at];
      axes.back().x = dense[at];
    } else {
      axes.push_back({x[at], dense[at], 0});
    }
  }
  int64_t step = 1;
  for (auto it = axes.rbegin(); it != axes.rend(); ++it) {
    it->y = step;
    step *= it->extent;
  }
  return axes;
}

Dispatch launch_transpose(Lower& c, const TensorRef& x, const TensorRef& y, DType dtype,
                          shaders::TransposeParams params, size_t batch_axes, uint64_t batches) {
  params.tiles_r = static_cast<uint32_t>(divide_up(params.rows, TRANSPOSE_TILE));
  params.tiles_c = static_cast<uint32_t>(divide_up(params.cols, TRANSPOSE_TILE));
  return {.kernel = &c.kernel("transpose"),
          .tensors = {x, y},
          .spec = shaders::TransposeSpec{.workgroup_size = 64,
                                         .format = movable_format(dtype),
                                         .wide = params.rows % 4 == 0 && params.cols % 4 == 0,
                                         .batch_axes = static_cast<uint32_t>(batch_axes)},
          .params = params,
          .groups = batches * params.tiles_r * params.tiles_c,
          .cost = {x.bytes + y.bytes, 0}};
}

// In tiles, where the last axis changes and there are not too many others; elsewhere element by element.
std::vector<Dispatch> lower_transpose(Lower& c) {
  using namespace shaders;
  const Shape& x = c.in(0).shape;
  const std::vector<int64_t> order = c.attrs<TransposeAttrs>().axes;
  if (x.elements() == 0) return {};
  std::vector<Axis> axes = fold_transpose(x, order);
  const auto across = std::ranges::find(axes, 1, &Axis::x);
  const bool tiled = axes.size() >= 2 && axes.size() <= 2 + TRANSPOSE_BATCH_AXES && axes.back().x != 1;
  TransposeParams params{};
  if (tiled) {
    params.rows = static_cast<uint32_t>(across->extent);
    params.stride_y = static_cast<uint32_t>(across->y);
    params.cols = static_cast<uint32_t>(axes.back().extent);
    params.stride_x = static_cast<uint32_t>(axes.back().x);
  }
  const bool wide = tiled && params.rows % 4 == 0 && params.cols % 4 == 0;
  if (!tiled || (!wide && size_of(c.out().dtype) != 4)) {
    return {move(c, strides_of_transpose(x, order))};
  }
  axes.erase(across);
  axes.pop_back();
  for (size_t i = 0; i < axes.size(); ++i) {
    params.batch[i] = static_cast<uint32_t>(axes[i].extent);
    params.batch_x[i] = static_cast<uint32_t>(axes[i].x);
    params.batch_y[i] = static_cast<uint32_t>(axes[i].y);
  }
  const uint64_t batches = count32(c.out(), c.node().op->name) / (uint64_t{params.rows} * params.cols);
  return {launch_transpose(c, in_words(c.x(0)), in_words(c.y()), c.out().dtype, params, axes.size(), batches)};
}

std::vector<Value> grad_transpose(Grad& g) {
  const std::vector<int64_t> axes = g.attrs<TransposeAttrs>().axes;
  std::vector<int64_t> inverse(axes.size());
  for (size_t i = 0; i < axes.size(); ++i) inverse[static_cast<size_t>(axes[i])] = static_cast<int64_t>(i);
  return {permute(g.dy(), inverse)};
}

const OpDef kTransposeOps[] = {
    {"transpose", infer_transpose, grad_transpose, lower_transpose, reference::transpose, attrs_of<TransposeAttrs>}};

}  // namespace

bool turns(DType dtype, uint32_t rows, uint32_t columns) {
  return size_of(dtype) == 4 || (rows % 4 == 0 && columns % 4 == 0);
}
Dispatch turn(Lower& c, const TensorRef& x, const TensorRef& y, DType dtype, const Matrices& m) {
  shaders::TransposeParams params{
      .rows = m.columns, .cols = m.rows, .stride_x = m.columns, .stride_y = m.rows, .batch = {m.count}};
  params.batch_x[0] = params.batch_y[0] = m.rows * m.columns;
  return launch_transpose(c, in_words(x), y, dtype, params, 1, m.count);
}

namespace {
// Where a kernel cannot walk all axes in their new order: an order in which two more of them are in place, for which it
// walks those before, the two, and what the two leave of the others.
std::vector<int64_t> first_turn(const Shape& x, const std::vector<int64_t>& order) {
  if (x.rank() <= Folded::kMaxAxes || order.size() != x.rank()) return {};
  std::vector<int64_t> extents, first;
  for (int64_t axis : order) extents.push_back(x[static_cast<size_t>(axis)]);
  if (can_move(Shape(extents), strides_of_transpose(x, order))) return {};
  while (order[first.size()] == static_cast<int64_t>(first.size())) first.push_back(order[first.size()]);
  for (int i = 0; i < 2; ++i) first.push_back(order[first.size()]);
  for (int64_t axis = 0; axis < static_cast<int64_t>(x.rank()); ++axis)
    if (!std::ranges::count(first, axis)) first.push_back(axis);
  return first;
}
}  // namespace

std::span<const OpDef> transpose_ops() { return kTransposeOps; }
const OpDef& transpose_op() { return kTransposeOps[0]; }

}  // namespace lemnos::ops

namespace lemnos {

Value permute(Value x, std::vector<int64_t> axes) {
  for (int64_t& axis : axes) axis = static_cast<int64_t>(x.shape().axis(axis, "transpose"));
  if (const std::vector<int64_t> first = ops::first_turn(x.shape(), axes); !first.empty()) {
    for (int64_t& axis : axes) axis = std::ranges::find(first, axis) - first.begin();
    return permute(permute(x, first), std::move(axes));
  }
  return x.graph().add(ops::transpose_op(), {x}, TransposeAttrs{.axes = std::move(axes)});
}

Value transpose(Value x) {
  require(x.shape().rank() >= 2, ErrorCode::invalid_argument, "transpose: x ", x.shape(), " has fewer than two axes");
  std::vector<int64_t> axes(x.shape().rank());
  std::iota(axes.begin(), axes.end(), int64_t{0});
  std::swap(axes[axes.size() - 1], axes[axes.size() - 2]);
  return permute(x, std::move(axes));
}

}  // namespace lemnos
