// report[row] = {how many indices so far were `limit` or more, where the first of them stood, what it was}, in place.

#include "shaders/index_errors.h"

#include "lemnos/ops.h"
#include "ops/lowering.h"
#include "ops/step_state.h"
#include "reference/index_errors.h"

namespace lemnos::ops {
namespace {

constexpr int64_t kColumns = 3;

std::vector<TensorDesc> infer_index_errors(const Infer& in) {
  const auto attrs = in.attrs<IndexErrorsAttrs>();
  require_inputs(in, 2);
  const TensorDesc& report = in.in[0];
  require(report.dtype == DType::u32 && report.shape.rank() == 2 && report.shape[1] == kColumns,
          ErrorCode::shape_mismatch, in.op.name, ": the report is ", report, ", it is u32[rows, ", kColumns, "]");
  require_dtype(in, 1, DType::i32);
  const int64_t row = attrs.row, limit = attrs.limit;
  require(row >= 0 && row < report.shape[0], ErrorCode::out_of_range, in.op.name, ": row ", row, " of a report of ",
          report.shape[0]);
  require(limit >= 0 && limit < int64_t{1} << 31, ErrorCode::invalid_argument, in.op.name, ": limit ", limit,
          " is outside [0, 2^31)");
  return {report};
}

std::vector<Dispatch> lower_index_errors(Lower& c) {
  const auto attrs = c.attrs<IndexErrorsAttrs>();
  using namespace shaders;
  const uint32_t count = count32(c.in(1), c.node().op->name);
  if (count == 0) return {};
  return {{.kernel = &c.kernel("index_errors"),
           .tensors = {c.y(), c.x(1)},
           .spec = IndexErrorsSpec{},
           .params = IndexErrorsParams{.count = count,
                                       .limit = static_cast<uint32_t>(attrs.limit),
                                       .row = static_cast<uint32_t>(attrs.row)},
           .groups = 1,
           .cost = {c.in(1).bytes(), count}}};
}

constexpr Alias kIndexErrorsUpdates[] = {{0, 0}};
const OpDef kIndexErrorsOps[] = {{"index_errors",
                                  infer_index_errors,
                                  nullptr,
                                  lower_index_errors,
                                  reference::index_errors,
                                  attrs_of<IndexErrorsAttrs>,
                                  {},
                                  kIndexErrorsUpdates}};

}  // namespace

std::span<const OpDef> index_errors_ops() { return kIndexErrorsOps; }
Value add_index_errors(Value report, Value indices, int64_t limit, int64_t row) {
  return report.graph().add(kIndexErrorsOps[0], {report.graph().newest(report), indices},
                            IndexErrorsAttrs{.limit = limit, .row = row});
}

}  // namespace lemnos::ops

namespace lemnos {
Value index_errors(Value report, Value indices, int64_t limit, int64_t row) {
  return ops::add_index_errors(report, indices, limit, row);
}
}  // namespace lemnos
