// concat: tensors one after the other along an axis; up to four in one launch, more in turns.

#include "shaders/concat.h"

#include <algorithm>

#include "lemnos/ops.h"
#include "ops/broadcast.h"
#include "ops/formats.h"
#include "ops/lowering.h"
#include "reference/concat.h"

namespace lemnos::ops {
namespace {

std::vector<TensorDesc> infer_concat(const Infer& in) {
  require(!in.in.empty() && in.in.size() <= CONCAT_INPUTS, ErrorCode::invalid_argument, in.op.name, ": ", in.in.size(),
          " inputs, it takes 1 to ", CONCAT_INPUTS);
  const Shape& first = in.in[0].shape;
  const size_t axis = first.axis(in.attrs<ConcatAttrs>().axis, in.op.name);
  int64_t total = 0;
  for (size_t i = 0; i < in.in.size(); ++i) {
    const TensorDesc& x = in.in[i];
    require(x.dtype == in.in[0].dtype, ErrorCode::invalid_argument, in.op.name, ": input ", i, " is ", x,
            " but input 0 is ", in.in[0], "; cast one of them");
    require(x.shape.rank() == first.rank() && x.shape.with(axis, 0) == first.with(axis, 0), ErrorCode::shape_mismatch,
            in.op.name, ": input ", i, " ", x.shape, " and input 0 ", first, " differ beside axis ", axis);
    total += x.shape[axis];
  }
  return {{first.with(axis, total), in.in[0].dtype}};
}

std::vector<Dispatch> lower_concat(Lower& c) {
  using namespace shaders;
  const char* who = c.node().op->name;
  const uint32_t count = count32(c.out(), who);
  if (count == 0) return {};
  require(count < (1u << 31), ErrorCode::unsupported, who, ": ", c.out(), " has ", count,
          " elements, the limit of this kernel is ", 1u << 31);
  const size_t axis = static_cast<size_t>(c.attrs<ConcatAttrs>().axis);
  int64_t inner = 1, outer = 1;
  for (size_t i = 0; i < c.out().shape.rank(); ++i)
    if (i != axis) (i < axis ? outer : inner) *= c.out().shape[i];
  bool wide = true;
  for (size_t i = 0; i < c.inputs(); ++i) wide = wide && inner * c.in(i).shape[axis] % 4 == 0;
  const int64_t unit = wide ? 4 : 1;
  ConcatParams params{.count = count, .row = static_cast<uint32_t>(count / (outer * unit))};
  std::vector<TensorRef> tensors;
  uint32_t end = 0;
  for (size_t i = 0; i < CONCAT_INPUTS; ++i) {
    // What is not there, and what is empty, is bound to another and never read.
    const bool present = i < c.inputs() && c.in(i).bytes() > 0;
    tensors.push_back(in_words(present ? c.x(i) : c.y()));
    if (present) end += static_cast<uint32_t>(inner * c.in(i).shape[axis] / unit);
    params.end[i] = end;
  }
  tensors.push_back(in_words(c.y()));
  const ConcatSpec spec{
      .workgroup_size = 64, .format = movable_format(c.out().dtype), .wide = wide, .one_row = outer == 1};
  if (outer > 1 && params.row >= 2) {
    const Divisor d = divisor(params.row);
    params.multiplier = d.multiplier;
    params.shift = d.shift;
  }
  return {{.kernel = &c.kernel("concat"),
           .tensors = std::move(tensors),
           .spec = spec,
           .params = params,
           .groups = divide_up(divide_up(count, 4), spec.workgroup_size),
           .cost = {2 * c.out().bytes(), 0}}};
}

std::vector<Value> grad_concat(Grad& g) {
  const int64_t axis = g.attrs<ConcatAttrs>().axis;
  std::vector<Value> gradients(g.inputs());
  int64_t begin = 0;
  for (size_t i = 0; i < g.inputs(); ++i) {
    const int64_t extent = g.in(i).shape()[static_cast<size_t>(axis)];
    if (g.needs(i)) gradients[i] = slice_axis(g.dy(), axis, begin, begin + extent);
    begin += extent;
  }
  return gradients;
}

const OpDef kConcatOps[] = {
    {"concat", infer_concat, grad_concat, lower_concat, reference::concat, attrs_of<ConcatAttrs>}};

}  // namespace

std::span<const OpDef> concat_ops() { return kConcatOps; }
const OpDef& concat_op() { return kConcatOps[0]; }

}  // namespace lemnos::ops

namespace lemnos {

Value concat(std::span<const Value> parts, int64_t axis) {
  require(!parts.empty(), ErrorCode::invalid_argument, "concat: 0 inputs, it takes 1 or more");
  const auto at = static_cast<int64_t>(parts[0].shape().axis(axis, "concat"));
  std::vector<Value> level(parts.begin(), parts.end());
  while (level.size() > 1) {
    std::vector<Value> next;
    for (size_t i = 0; i < level.size(); i += CONCAT_INPUTS) {
      const auto some = std::span(level).subspan(i, std::min<size_t>(CONCAT_INPUTS, level.size() - i));
      next.push_back(some.size() == 1 ? some[0]
                                      : some[0].graph().add_all(ops::concat_op(), some, ConcatAttrs{.axis = at})[0]);
    }
    level = std::move(next);
  }
  return level[0];
}

Value stack(std::span<const Value> parts, int64_t axis) {
  require(!parts.empty(), ErrorCode::invalid_argument, "stack: 0 inputs, it takes 1 or more");
  const Shape shape = parts[0].shape();
  const size_t at = shape.appended(1).axis(axis, "stack");
  std::vector<int64_t> extents(shape.begin(), shape.end());
  extents.insert(extents.begin() + static_cast<ptrdiff_t>(at), 1);
  std::vector<Value> raised;
  for (Value part : parts) {
    require(part.shape() == shape, ErrorCode::shape_mismatch, "stack: ", part.shape(), " beside ", shape);
    raised.push_back(reshape(part, Shape(extents)));
  }
  return concat(raised, static_cast<int64_t>(at));
}

}  // namespace lemnos
