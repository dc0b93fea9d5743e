// slice: the elements of x from `begin` up to, but not with, `end` along every axis.

#include "reference/slice.h"

#include <utility>

#include "lemnos/ops.h"
#include "ops/broadcast.h"
#include "ops/lowering.h"
#include "ops/move.h"

namespace lemnos::ops {
namespace {

std::vector<TensorDesc> infer_slice(const Infer& in) {
  const auto attrs = in.attrs<SliceAttrs>();
  require_inputs(in, 1);
  const Shape& x = in.in[0].shape;
  const std::vector<int64_t>&begin = attrs.begin, &end = attrs.end;
  require(begin.size() == x.rank() && end.size() == x.rank(), ErrorCode::shape_mismatch, in.op.name, ": ", begin.size(),
          " begins and ", end.size(), " ends for shape ", x, ", which has ", x.rank(), " axes");
  std::vector<int64_t> extents;
  for (size_t i = 0; i < x.rank(); ++i) {
    require(0 <= begin[i] && begin[i] <= end[i] && end[i] <= x[i], ErrorCode::out_of_range, in.op.name, ": [", begin[i],
            ", ", end[i], ") of axis ", i, " is not within shape ", x);
    extents.push_back(end[i] - begin[i]);
  }
  require_movable(x, Shape(extents), {0, dense_strides(x)}, in.op.name);
  return {{Shape(extents), in.in[0].dtype}};
}

std::vector<Dispatch> lower_slice(Lower& c) {
  const std::vector<int64_t> begin = c.attrs<SliceAttrs>().begin;
  Strides strides{0, dense_strides(c.in(0).shape)};
  for (size_t i = 0; i < begin.size(); ++i) strides.offset += begin[i] * strides.stride[i];
  return {move(c, strides)};
}

std::vector<Value> grad_slice(Grad& g) {
  const auto attrs = g.attrs<SliceAttrs>();
  const Shape x = g.in(0).shape();
  std::vector<int64_t> before = attrs.begin, after = attrs.end;
  for (size_t i = 0; i < after.size(); ++i) after[i] = x[i] - after[i];
  return {pad(g.dy(), before, after)};
}

const OpDef kSliceOps[] = {{"slice", infer_slice, grad_slice, lower_slice, reference::slice, attrs_of<SliceAttrs>}};

}  // namespace

namespace {
// Of a part that is one: whether a kernel cannot walk it.
bool too_many_slice_axes(const Shape& x, const std::vector<int64_t>& begin, const std::vector<int64_t>& end) {
  if (x.rank() <= Folded::kMaxAxes || begin.size() != x.rank() || end.size() != x.rank()) return false;
  std::vector<int64_t> extents;
  for (size_t i = 0; i < x.rank(); ++i) {
    if (begin[i] < 0 || end[i] < begin[i] || end[i] > x[i]) return false;
    extents.push_back(end[i] - begin[i]);
  }
  return !can_move(Shape(extents), {0, dense_strides(x)});
}
}  // namespace

std::span<const OpDef> slice_ops() { return kSliceOps; }
const OpDef& slice_op() { return kSliceOps[0]; }

}  // namespace lemnos::ops

namespace lemnos {

Value slice(Value x, std::vector<int64_t> begin, std::vector<int64_t> end) {
  if (const Shape from = x.shape(); ops::too_many_slice_axes(from, begin, end)) {  // the outer ones first
    std::vector<int64_t> first_begin(begin.size(), 0), first_end(from.begin(), from.end());
    for (size_t i = 0; i < from.rank() / 2; ++i) {
      first_begin[i] = std::exchange(begin[i], 0);
      first_end[i] = std::exchange(end[i], end[i] - first_begin[i]);
    }
    x = x.graph().add(ops::slice_op(), {x}, SliceAttrs{.begin = std::move(first_begin), .end = std::move(first_end)});
  }
  return x.graph().add(ops::slice_op(), {x}, SliceAttrs{.begin = std::move(begin), .end = std::move(end)});
}

Value slice_axis(Value x, int64_t axis, int64_t begin, int64_t end) {
  const Shape shape = x.shape();
  const size_t at = shape.axis(axis, "slice");
  std::vector<int64_t> begins(shape.rank(), 0), ends(shape.begin(), shape.end());
  begins[at] = begin < 0 ? begin + shape[at] : begin;
  ends[at] = end < 0 ? end + shape[at] : end;
  return slice(x, std::move(begins), std::move(ends));
}

std::vector<Value> split(Value x, std::vector<int64_t> sizes, int64_t axis) {
  const Shape shape = x.shape();
  const size_t at = shape.axis(axis, "split");
  int64_t begin = 0;
  std::vector<Value> parts;
  for (int64_t size : sizes) {
    require(size >= 0 && begin + size <= shape[at], ErrorCode::shape_mismatch, "split: sizes reach ", begin + size,
            " of axis ", axis, " of shape ", shape);
    parts.push_back(slice_axis(x, static_cast<int64_t>(at), begin, begin + size));
    begin += size;
  }
  require(begin == shape[at], ErrorCode::shape_mismatch, "split: sizes add up to ", begin, ", axis ", axis,
          " of shape ", shape, " has ", shape[at]);
  return parts;
}

}  // namespace lemnos
