// accuracy_count: {rows whose target is among the `top` largest logits, rows whose target is not negative}.

#include "lemnos/ops.h"
#include "ops/lowering.h"
#include "ops/reduction.h"
#include "shaders/accuracy.h"

namespace lemnos::reference {
void accuracy_count(const Reference& c);
}

namespace lemnos::ops {
namespace {

std::vector<TensorDesc> infer(const Infer& in) {
  require_inputs(in, 2);
  require_dtype(in, 0, DType::f32);
  const Shape& logits = in.in[0].shape;
  require(logits.rank() >= 1 && logits.elements() >= 1, ErrorCode::invalid_argument, in.op.name, ": logits ", in.in[0],
          " need at least one row and one class");
  const TensorDesc targets{logits.without(logits.rank() - 1), DType::i32};
  require(in.in[1] == targets, ErrorCode::shape_mismatch, in.op.name, ": targets are ", in.in[1], " for logits ",
          in.in[0], "; they are ", targets);
  require(in.attrs.integer("top") >= 1, ErrorCode::invalid_argument, in.op.name, ": top ", in.attrs.integer("top"),
          " is below 1");
  return {{Shape{2}, DType::f32}};
}

std::vector<Dispatch> lower(Lower& c) {
  using namespace shaders;
  const auto [rows, cols] = as_rows(c.in(0).shape);
  const bool together = cols > 256;
  const AccuracySpec spec{.workgroup_size = single_workgroup(c.caps), .row_per_workgroup = together};
  const uint32_t rows_per_group = together ? 8 : 4 * spec.workgroup_size;
  const uint32_t groups = static_cast<uint32_t>(divide_up(rows, rows_per_group));
  const TensorRef pairs = groups == 1 ? c.y() : c.scratch(8ull * groups);
  std::vector<Dispatch> list = {{.kernel = &c.kernel("accuracy"),
                                 .tensors = {c.x(0), c.x(1), pairs},
                                 .spec = spec,
                                 .params = AccuracyParams{.rows = rows,
                                                          .cols = cols,
                                                          .rows_per_group = rows_per_group,
                                                          .top = static_cast<uint32_t>(c.attrs().integer("top"))},
                                 .groups = groups,
                                 .cost = {c.in(0).bytes() + c.in(1).bytes(), 2ull * rows * cols}}};
  if (groups > 1) list.push_back(sum_partials(c, pairs, c.y(), groups, 2));
  return list;
}

constexpr AttrDef kAttrs[] = {{"top", AttrDef::Kind::integer, 1}};
const OpDef kOps[] = {{"accuracy_count", infer, nullptr, lower, reference::accuracy_count, kAttrs}};

}  // namespace

std::span<const OpDef> metrics_ops() { return kOps; }
Value add_accuracy_count(Value logits, Value targets, int64_t top) {
  return logits.graph().add(kOps[0], {logits, targets}, {{"top", top}});
}

}  // namespace lemnos::ops

namespace lemnos {
Value accuracy_count(Value logits, Value targets, int64_t top) { return ops::add_accuracy_count(logits, targets, top); }
}  // namespace lemnos
