// argmax: the index of the largest element along an axis, as i32; the first among equals.

#include "shaders/argmax.h"

#include "lemnos/ops.h"
#include "ops/formats.h"
#include "ops/lowering.h"
#include "reference/argmax.h"

namespace lemnos::ops {
namespace {

std::vector<TensorDesc> infer_argmax(const Infer& in) {
  const auto attrs = in.attrs<ArgmaxAttrs>();
  require_inputs(in, 1);
  require_float(in, 0);
  const Shape& x = in.in[0].shape;
  const size_t axis = x.axis(attrs.axis, in.op.name);
  require(x[axis] > 0, ErrorCode::invalid_argument, in.op.name, ": axis ", axis, " of shape ", x, " is empty");
  return {{attrs.keep ? x.with(axis, 1) : x.without(axis), DType::i32}};
}

std::vector<Dispatch> lower_argmax(Lower& c) {
  using namespace shaders;
  const Shape& x = c.in(0).shape;
  const uint32_t outputs = count32(c.out(), c.node().op->name);
  const size_t axis = x.axis(c.attrs<ArgmaxAttrs>().axis, c.node().op->name);
  uint64_t inner = 1;
  for (size_t i = axis + 1; i < x.rank(); ++i) inner *= static_cast<uint64_t>(x[i]);
  const auto depth = static_cast<uint32_t>(x[axis]);
  // Barriers are dear on a processor.
  const bool alone = depth <= 4 * kMostRounds && (inner > 1 || depth <= 32 || c.caps.software);
  const ArgmaxSpec spec{.workgroup_size = alone ? 64 : row_workgroup(depth, c.caps),
                        .format = format_of(c.in(0).dtype),
                        .alone = alone,
                        .wide = inner == 1 && depth % 4 == 0};
  return {{.kernel = &c.kernel("argmax"),
           .tensors = {in_words(c.x(0)), c.y()},
           .spec = spec,
           .params = ArgmaxParams{outputs, static_cast<uint32_t>(inner), depth},
           .groups = alone ? divide_up(outputs, spec.workgroup_size) : outputs,
           .cost = {c.in(0).bytes() + c.out().bytes(), static_cast<uint64_t>(x.elements())}}};
}

// An index has no gradient.
std::vector<Value> grad_argmax(Grad&) { return {}; }

const OpDef kArgmaxOps[] = {
    {"argmax", infer_argmax, grad_argmax, lower_argmax, reference::argmax, attrs_of<ArgmaxAttrs>}};

}  // namespace

std::span<const OpDef> argmax_ops() { return kArgmaxOps; }
const OpDef& argmax_op() { return kArgmaxOps[0]; }

}  // namespace lemnos::ops

namespace lemnos {
Value argmax(Value x, int64_t axis, bool keep) {
  return x.graph().add(ops::argmax_op(), {x}, ArgmaxAttrs{.axis = axis, .keep = keep});
}
Value argmin(Value x, int64_t axis, bool keep) { return argmax(-x, axis, keep); }
}  // namespace lemnos
