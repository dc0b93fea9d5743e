// x[r] *= min(1, max_norm / |x[r]|) over the rows of x[R, ..], in place: a constraint on weights after their update.

#include "shaders/max_norm.h"

#include "lemnos/ops.h"
#include "ops/lowering.h"
#include "reference/max_norm.h"

namespace lemnos::ops {
namespace {

std::vector<TensorDesc> infer_max_norm(const Infer& in) {
  require_inputs(in, 1);
  require_dtype(in, 0, DType::f32);
  require(in.in[0].shape.rank() >= 1 && in.in[0].elements() >= 1, ErrorCode::invalid_argument, in.op.name, ": ",
          in.in[0], " has no rows");
  const double most = in.attrs<MaxNormAttrs>().max_norm;
  require(most > 0, ErrorCode::invalid_argument, in.op.name, ": max_norm ", most, " is not above 0");
  return {in.in[0]};
}

std::vector<Dispatch> lower_max_norm(Lower& c) {
  using namespace shaders;
  const auto rows = static_cast<uint32_t>(c.in(0).shape[0]);
  const uint32_t cols = count32(c.in(0), c.node().op->name) / rows;
  return {{.kernel = &c.kernel("max_norm." + std::string(c.variant())),
           .tensors = {c.y()},
           .spec = MaxNormSpec{.workgroup_size = row_workgroup(cols, c.caps)},
           .params = MaxNormParams{rows, cols, static_cast<float>(c.attrs<MaxNormAttrs>().max_norm)},
           .groups = rows,
           .cost = {2 * c.in(0).bytes(), 3ull * rows * cols}}};
}

constexpr Alias kMaxNormUpdates[] = {{0, 0}};
const OpDef kMaxNormOps[] = {{"max_norm", infer_max_norm, nullptr, lower_max_norm, reference::max_norm,
                              attrs_of<MaxNormAttrs>, kRowVariants, kMaxNormUpdates}};

}  // namespace

std::span<const OpDef> max_norm_ops() { return kMaxNormOps; }

}  // namespace lemnos::ops
