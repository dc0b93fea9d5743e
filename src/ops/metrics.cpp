// accuracy_count:  {rows whose target is among the `top` largest logits, rows whose target is not negative}.
// confusion_count: counts[target, prediction] += 1, in place.
// score_count:     counts[target, floor(score bins)] += 1, in place, target 0 or 1: the histograms behind a ROC curve.

#include "reference/metrics.h"
#include "lemnos/ops.h"
#include "ops/lowering.h"
#include "ops/reduction.h"
#include "shaders/accuracy.h"
#include "shaders/confusion_count.h"

namespace lemnos::ops {
namespace {

std::vector<TensorDesc> infer_metrics(const Infer& in) {
  const auto attrs = in.attrs<AccuracyAttrs>();
  require_inputs(in, 2);
  require_dtype(in, 0, DType::f32);
  const Shape& logits = in.in[0].shape;
  require(logits.rank() >= 1 && logits.elements() >= 1, ErrorCode::invalid_argument, in.op.name, ": logits ", in.in[0],
          " need at least one row and one class");
  const TensorDesc targets{logits.without(logits.rank() - 1), DType::i32};
  require(in.in[1] == targets, ErrorCode::shape_mismatch, in.op.name, ": targets are ", in.in[1], " for logits ",
          in.in[0], "; they are ", targets);
  require(attrs.top >= 1, ErrorCode::invalid_argument, in.op.name, ": top ", attrs.top, " is below 1");
  return {{Shape{2}, DType::f32}};
}

std::vector<Dispatch> lower_metrics(Lower& c) {
  using namespace shaders;
  const auto [rows, cols] = as_rows(c.in(0).shape);
  const bool together = cols > 256;
  const AccuracySpec spec{.workgroup_size = together ? narrow_row_workgroup(cols, c.caps) : 64,
                          .row_per_workgroup = together};
  const uint32_t rows_per_group = together ? 8 : 4 * spec.workgroup_size;
  const uint32_t groups = static_cast<uint32_t>(divide_up(rows, rows_per_group));
  const TensorRef pairs = groups == 1 ? c.y() : c.scratch(8ull * groups);
  std::vector<Dispatch> list = {{.kernel = &c.kernel("accuracy"),
                                 .tensors = {c.x(0), c.x(1), pairs},
                                 .spec = spec,
                                 .params = AccuracyParams{.rows = rows,
                                                          .cols = cols,
                                                          .rows_per_group = rows_per_group,
                                                          .top = static_cast<uint32_t>(c.attrs<AccuracyAttrs>().top)},
                                 .groups = groups,
                                 .cost = {c.in(0).bytes() + c.in(1).bytes(), 2ull * rows * cols}}};
  if (groups > 1) list.push_back(sum_partials(c, pairs, c.y(), groups, 2));
  return list;
}

bool takes_scores(const OpDef& op) { return std::string_view(op.name) == "score_count"; }

std::vector<TensorDesc> infer_counts(const Infer& in) {
  require_inputs(in, 3);
  const Shape& counts = in.in[0].shape;
  const bool scores = takes_scores(in.op);
  require(in.in[0].dtype == DType::u32 && counts.rank() == 2 && counts[1] >= 1 && counts[0] == (scores ? 2 : counts[1]),
          ErrorCode::shape_mismatch, in.op.name, ": the counts are ", in.in[0], ", they are ",
          scores ? "u32[2, bins]" : "u32[classes, classes]");
  require_dtype(in, 1, scores ? DType::f32 : DType::i32);
  require_dtype(in, 2, DType::i32);
  require(in.in[1].elements() == in.in[2].elements(), ErrorCode::shape_mismatch, in.op.name, ": ", in.in[1],
          " predictions for ", in.in[2], " targets");
  return {in.in[0]};
}

std::vector<Dispatch> lower_counts(Lower& c) {
  using namespace shaders;
  const uint32_t count = count32(c.in(1), c.node().op->name);
  const ConfusionCountSpec spec{.workgroup_size = 64, .scores = takes_scores(*c.node().op)};
  return {{.kernel = &c.kernel("confusion_count"),
           .tensors = {c.y(), c.x(1), c.x(2)},
           .spec = spec,
           .params = ConfusionCountParams{count, static_cast<uint32_t>(c.in(0).shape[1])},
           .groups = divide_up(count, spec.workgroup_size),
           .cost = {12ull * count, count}}};
}

int64_t counts_limit(const Infer& in, size_t input) {
  return input > 0 && in.in[input].dtype == DType::i32 ? in.in[0].shape[0] : -1;
}

constexpr Alias kMetricsUpdates[] = {{0, 0}};
const OpDef kMetricsOps[] = {{.name = "accuracy_count",
                              .infer = infer_metrics,
                              .lower = lower_metrics,
                              .reference = reference::accuracy_count,
                              .attrs = attrs_of<AccuracyAttrs>,
                              .index_limit = classes_limit},
                             {.name = "confusion_count",
                              .infer = infer_counts,
                              .lower = lower_counts,
                              .reference = reference::confusion_count,
                              .updates = kMetricsUpdates,
                              .index_limit = counts_limit},
                             {.name = "score_count",
                              .infer = infer_counts,
                              .lower = lower_counts,
                              .reference = reference::confusion_count,
                              .updates = kMetricsUpdates,
                              .index_limit = counts_limit}};

}  // namespace

std::span<const OpDef> metrics_ops() { return kMetricsOps; }
Value add_accuracy_count(Value logits, Value targets, int64_t top) {
  return logits.graph().add(kMetricsOps[0], {logits, targets}, AccuracyAttrs{.top = top});
}

Value add_count(bool scores, Value counts, Value predictions, Value targets) {
  return counts.graph().add(kMetricsOps[scores ? 2 : 1], {counts.graph().newest(counts), predictions, targets});
}

}  // namespace lemnos::ops

namespace lemnos {
Value confusion_count(Value counts, Value predictions, Value targets) {
  return ops::add_count(false, counts, predictions, targets);
}
Value score_count(Value counts, Value scores, Value targets) { return ops::add_count(true, counts, scores, targets); }
Value accuracy_count(Value logits, Value targets, int64_t top) { return ops::add_accuracy_count(logits, targets, top); }
}  // namespace lemnos
