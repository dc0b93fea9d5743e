// broadcast_to: x stretched to a shape as NumPy does. And the launch that moves elements, which slices and permutations
// share.

#include "reference/broadcast_to.h"
#include "lemnos/ops.h"
#include "ops/broadcast.h"
#include "ops/formats.h"
#include "ops/lowering.h"
#include "ops/move.h"
#include "shaders/move.h"

namespace lemnos::ops {

std::array<int64_t, Shape::kMaxRank> dense_strides(const Shape& shape) {
  std::array<int64_t, Shape::kMaxRank> stride{};
  int64_t step = 1;
  for (size_t i = shape.rank(); i-- > 0;) {
    stride[i] = step;
    step *= shape[i];
  }
  return stride;
}

namespace {

// Axes of y with their strides in x; neighbours that can be walked together are one.
struct Axes {
  size_t rank = 0;
  int64_t offset = 0;
  std::array<int64_t, Shape::kMaxRank> extent{};
  std::array<int64_t, Shape::kMaxRank> stride{};

  bool all_multiples(int64_t n) const {
    if (offset % n != 0 || extent[rank - 1] % n != 0) return false;
    for (size_t i = 0; i + 1 < rank; ++i)
      if (stride[i] % n != 0) return false;
    return true;
  }
  void divide(int64_t n) {
    offset /= n;
    extent[rank - 1] /= n;
    for (size_t i = 0; i + 1 < rank; ++i) stride[i] /= n;
  }
};

Axes fold_broadcast(const Shape& out, const Strides& strides) {
  Axes axes;
  axes.offset = strides.offset;
  for (size_t i = 0; i < out.rank(); ++i) {
    if (out[i] == 1) continue;
    if (axes.rank > 0 && axes.stride[axes.rank - 1] == strides.stride[i] * out[i]) {
      axes.extent[axes.rank - 1] *= out[i];
    } else {
      axes.extent[axes.rank++] = out[i];
    }
    axes.stride[axes.rank - 1] = strides.stride[i];
  }
  if (axes.rank == 0) axes = {1, strides.offset, {1}, {1}};
  return axes;
}

}  // namespace

bool can_move(const Shape& out, const Strides& strides) {
  return fold_broadcast(out, strides).rank <= Folded::kMaxAxes;
}

void require_movable(const Shape& from, const Shape& out, const Strides& strides, const char* who) {
  require(can_move(out, strides), ErrorCode::unsupported, who, ": from ", from, " to ", out, " makes ",
          fold_broadcast(out, strides).rank, " axes that cannot be merged, the limit of a kernel is ",
          Folded::kMaxAxes);
}

Dispatch move(Lower& c, const Strides& strides) {
  using namespace shaders;
  const char* who = c.node().op->name;
  const size_t bytes = size_of(c.out().dtype);
  MoveParams params{.count = count32(c.out(), who)};
  if (params.count == 0) return {.groups = 0};
  require(params.count < (1u << 31), ErrorCode::unsupported, who, ": ", c.out(), " has ", params.count,
          " elements, the limit of this kernel is ", 1u << 31);
  Axes axes = fold_broadcast(c.out().shape, strides);
  uint32_t format = movable_format(c.out().dtype);
  const int64_t inner = axes.stride[axes.rank - 1];
  // Narrow elements move as whole words where they stay together.
  const int64_t in_word = static_cast<int64_t>(4 / bytes);
  if (in_word > 1 && inner == 1 && axes.all_multiples(in_word)) {
    axes.divide(in_word);
    params.count /= static_cast<uint32_t>(in_word);
    format = FORMAT_U32;
  }
  bool wide = false;
  if (inner == 1 && axes.all_multiples(4)) {
    axes.divide(4);
    wide = true;
  } else if (inner == 0 && axes.extent[axes.rank - 1] % 4 == 0) {
    axes.extent[axes.rank - 1] /= 4;
    wide = true;
  }
  int64_t run = 1;
  if (wide && axes.rank > 1 && axes.extent[axes.rank - 1] % run_of(c.caps) == 0) {
    run = run_of(c.caps);
    axes.extent[axes.rank - 1] /= run;
    axes.stride[axes.rank - 1] *= run;
  }
  for (size_t i = 0; i < axes.rank; ++i) {
    params.extent[i] = static_cast<uint32_t>(axes.extent[i]);
    params.stride[i] = static_cast<uint32_t>(axes.stride[i]);
  }
  uint32_t rank = static_cast<uint32_t>(axes.rank);
  if (rank > 1 && params.extent[rank - 1] == 1) --rank;
  for (uint32_t i = 1; i < rank; ++i) {
    const Divisor d = divisor(params.extent[i]);
    params.multiplier[i] = d.multiplier;
    params.shifts |= d.shift << (5 * i);
  }
  params.offset = static_cast<uint32_t>(axes.offset);
  const MoveSpec spec{.workgroup_size = 64,
                      .format = format,
                      .rank = rank,
                      .wide = wide,
                      .inner = inner != 0,
                      .run = static_cast<uint32_t>(run)};
  return {.kernel = &c.kernel("move"),
          .tensors = {in_words(c.x(0)), in_words(c.y())},
          .spec = spec,
          .params = params,
          .groups = divide_up(divide_up(params.count, 4 * spec.run), spec.workgroup_size),
          .cost = {2 * c.out().bytes(), 0}};
}

namespace {

Strides strides_of_broadcast_to(const Shape& x, const Shape& out) {
  const auto dense = dense_strides(x);
  const size_t extra = out.rank() - x.rank();
  Strides strides;
  for (size_t i = 0; i < x.rank(); ++i) strides.stride[extra + i] = x[i] == 1 ? 0 : dense[i];
  return strides;
}

std::vector<TensorDesc> infer_broadcast_to(const Infer& in) {
  require_inputs(in, 1);
  const Shape &x = in.in[0].shape, shape = in.attrs<BroadcastToAttrs>().shape;
  require(broadcast(x, shape, in.op.name) == shape, ErrorCode::shape_mismatch, in.op.name, ": x ", x,
          " does not broadcast to ", shape);
  require_movable(x, shape, strides_of_broadcast_to(x, shape), in.op.name);
  return {{shape, in.in[0].dtype}};
}

std::vector<Dispatch> lower_broadcast_to(Lower& c) {
  return {move(c, strides_of_broadcast_to(c.in(0).shape, c.out().shape))};
}

std::vector<Value> grad_broadcast_to(Grad& g) { return {sum_to(g.dy(), g.in(0).shape())}; }

const OpDef kBroadcastToOps[] = {{"broadcast_to", infer_broadcast_to, grad_broadcast_to, lower_broadcast_to,
                                  reference::broadcast_to, attrs_of<BroadcastToAttrs>}};

}  // namespace

std::span<const OpDef> broadcast_to_ops() { return kBroadcastToOps; }
Value stretch(Value x, Shape shape) {
  const Shape from = x.shape();
  if (broadcast(from, shape, "broadcast_to") == shape && !can_move(shape, strides_of_broadcast_to(from, shape))) {
    // The outer axes first, and then the inner ones.
    std::vector<int64_t> middle(shape.begin(), shape.end());
    for (size_t i = shape.rank() / 2; i < shape.rank(); ++i) {
      const size_t extra = shape.rank() - from.rank();
      middle[i] = i < extra ? 1 : from[i - extra];
    }
    x = stretch(x, Shape(middle));
  }
  return x.shape() == shape ? x : x.graph().add(kBroadcastToOps[0], {x}, BroadcastToAttrs{.shape = shape});
}

}  // namespace lemnos::ops

namespace lemnos {
Value broadcast_to(Value x, const Shape& shape) { return ops::stretch(x, shape); }
}  // namespace lemnos
