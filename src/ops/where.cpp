// where: y = condition != 0 ? a : b, elementwise and broadcasting.

#include "shaders/where.h"

#include <algorithm>
#include <array>

#include "lemnos/ops.h"
#include "ops/broadcast.h"
#include "ops/formats.h"
#include "ops/lowering.h"

namespace lemnos::reference {
void where(const Reference& c);
}  // namespace lemnos::reference

namespace lemnos::ops {
namespace {

std::vector<TensorDesc> infer_where(const Infer& in) {
  require_inputs(in, 3);
  require(in.in[1].dtype == in.in[2].dtype, ErrorCode::invalid_argument, in.op.name, ": a is ", in.in[1], " but b is ",
          in.in[2], "; cast one of them");
  const Shape stretched = broadcast(in.in[1].shape, in.in[2].shape, in.op.name);
  const Shape operands[] = {in.in[0].shape, in.in[1].shape, in.in[2].shape};
  const Shape out = broadcast(operands[0], stretched, in.op.name);
  (void)fold_axes(out, operands, in.op.name);
  return {{out, in.in[1].dtype}};
}

std::vector<Dispatch> lower_where(Lower& c) {
  using namespace shaders;
  const char* who = c.node().op->name;
  const Shape operands[] = {c.in(0).shape, c.in(1).shape, c.in(2).shape};
  const Walk walk = make_walk(fold_axes(c.out().shape, operands, who), 3, 1, who);
  const WhereSpec spec{.workgroup_size = 64,
                       .format = movable_format(c.out().dtype),
                       .condition_format = format_of(c.in(0).dtype),
                       .rank = walk.rank,
                       .wide = walk.wide,
                       .inner_c = walk.inner[0],
                       .inner_a = walk.inner[1],
                       .inner_b = walk.inner[2]};
  WhereParams params{.count = count32(c.out(), who), .shifts = walk.shifts};
  std::ranges::copy(walk.extent, params.extent);
  std::ranges::copy(walk.multiplier, params.multiplier);
  std::ranges::copy(walk.stride[0], params.stride_c);
  std::ranges::copy(walk.stride[1], params.stride_a);
  std::ranges::copy(walk.stride[2], params.stride_b);
  return {{.kernel = &c.kernel("where"),
           .tensors = {in_words(c.x(0)), in_words(c.x(1)), in_words(c.x(2)), in_words(c.y())},
           .spec = spec,
           .params = params,
           .groups = divide_up(divide_up(params.count, 4), spec.workgroup_size),
           .cost = {c.in(0).bytes() + c.in(1).bytes() + c.in(2).bytes() + c.out().bytes(), params.count}}};
}

std::vector<Value> grad_where(Grad& g) {
  const Value zero = full(g.graph, Shape{}, 0, g.dy().dtype());
  std::vector<Value> gradients(3);
  if (g.needs(1)) gradients[1] = sum_to(where(g.in(0), g.dy(), zero), g.in(1).shape());
  if (g.needs(2)) gradients[2] = sum_to(where(g.in(0), zero, g.dy()), g.in(2).shape());
  return gradients;
}

const OpDef kWhereOps[] = {
    {"where", infer_where, grad_where, lower_where, reference::where, {}, {}, {}, {}, {}, nullptr, rows_of_output}};

}  // namespace

std::span<const OpDef> where_ops() { return kWhereOps; }
const OpDef& where_op() { return kWhereOps[0]; }

}  // namespace lemnos::ops

namespace lemnos {
Value where(Value condition, Value a, Value b) {
  require(condition && a && b, ErrorCode::invalid_argument, "where: an operand is empty");
  (void)ops::broadcast(condition.shape(), ops::broadcast(a.shape(), b.shape(), "where"), "where");
  ops::stretch_unwalkable(std::array{&condition, &a, &b});
  return a.graph().add(ops::where_op(), {condition, a, b});
}
}  // namespace lemnos
