// The same elements under another shape or in another order, reductions and products.
#include <algorithm>
#include <limits>

#include "base/text.h"
#include "onnx/export.h"
#include "reference/argmax.h"
#include "reference/broadcast_to.h"
#include "reference/concat.h"
#include "reference/gather.h"
#include "reference/matmul.h"
#include "reference/pad.h"
#include "reference/reduce.h"
#include "reference/slice.h"
#include "reference/softmax.h"
#include "reference/transpose.h"

namespace lemnos::onnx {

namespace {

void reshape_export(ExportCall& c) { c.give(0, c.reshaped(c.in(0), c.out_extents())); }

// An extent that the operand has already is asked for as 1, so that only what is missing needs the number of rows.
void broadcast_export(ExportCall& c) {
  Extents wanted = c.out_extents();
  const Extents given = c.in_extents(0);
  const size_t before = wanted.size() - given.size();
  for (size_t i = 0; i < given.size(); ++i)
    if (given[i] == wanted[before + i]) wanted[before + i] = {.number = 1};
  c.give(0, c.add("Expand", {c.in(0), c.shape(wanted)}));
}

void transpose_export(ExportCall& c) {
  c.give(0, c.add("Transpose", {c.in(0)}, {list_attribute("perm", c.attrs<TransposeAttrs>().axes)}));
}

void slice_export(ExportCall& c) {
  const auto few = c.attrs<SliceAttrs>(), more = c.twin_attrs<SliceAttrs>();
  const Extents given = c.in_extents(0);
  std::vector<int64_t> begins, ends, axes;
  for (size_t i = 0; i < given.size(); ++i) {
    const Extent begin = c.twin().extent(few.begin[i], more.begin[i]), end = c.twin().extent(few.end[i], more.end[i]);
    if (begin.number == 0 && !begin.is_open() && end == given[i]) continue;
    if (begin.is_open() || (end.is_open() && !(end == given[i])))
      c.refuse("of a part of the batch; give SaveOptions::batch");
    begins.push_back(begin.number);
    ends.push_back(end.is_open() ? std::numeric_limits<int32_t>::max() : end.number);
    axes.push_back(static_cast<int64_t>(i));
  }
  if (axes.empty()) return c.give(0, c.add("Identity", {c.in(0)}));
  c.give(0, c.add("Slice", {c.in(0), c.list(begins), c.list(ends), c.list(axes)}));
}

void pad_export(ExportCall& c) {
  const auto attrs = c.attrs<PadAttrs>();
  std::vector<int64_t> pads = attrs.before;
  pads.insert(pads.end(), attrs.after.begin(), attrs.after.end());
  c.give(0, c.add("Pad", {c.in(0), c.list(pads), c.number(attrs.value)}));
}

void concat_export(ExportCall& c) {
  std::vector<std::string> parts;
  for (size_t i = 0; i < c.inputs(); ++i) parts.push_back(c.in(i));
  c.give(0, c.add("Concat", parts, {integer_attribute("axis", c.attrs<ConcatAttrs>().axis)}));
}

void gather_export(ExportCall& c) {
  const auto attrs = c.attrs<GatherAttrs>();
  std::string y = c.add("Gather", {c.in(0), c.in(1)}, {integer_attribute("axis", 0)});
  if (c.in_desc(0).dtype != c.out_desc().dtype) y = c.cast(y, c.out_desc().dtype);
  if (attrs.scale != 1) y = c.add("Mul", {y, c.number(attrs.scale, c.out_desc().dtype)});
  if (attrs.shift != 0) y = c.add("Add", {y, c.number(attrs.shift, c.out_desc().dtype)});
  c.give(0, y);
}

// Which axes, by the node's own number of them where it names none.
std::vector<int64_t> reduced_axes(const ExportCall& c, const ReduceAttrs& attrs) {
  std::vector<int64_t> axes = attrs.axes;
  for (size_t i = 0; axes.empty() && i < c.in_desc(0).shape.rank(); ++i) axes.push_back(static_cast<int64_t>(i));
  return axes;
}
void sum_export(ExportCall& c) {
  const auto attrs = c.attrs<ReduceAttrs>();
  c.give(0, c.add("ReduceSum", {c.in(0), c.list(reduced_axes(c, attrs))}, {integer_attribute("keepdims", attrs.keep)}));
}
void reduce_export(ExportCall& c) {
  static const std::map<std::string, std::string, std::less<>> ops = {
      {"mean", "ReduceMean"}, {"reduce_max", "ReduceMax"}, {"reduce_min", "ReduceMin"}, {"norm", "ReduceL2"}};
  const auto attrs = c.attrs<ReduceAttrs>();
  c.give(0, c.add(ops.at(c.node().op->name), {c.in(0)},
                  {list_attribute("axes", reduced_axes(c, attrs)), integer_attribute("keepdims", attrs.keep)}));
}
void argmax_export(ExportCall& c) {
  const auto attrs = c.attrs<ArgmaxAttrs>();
  const std::string y =
      c.add("ArgMax", {c.in(0)}, {integer_attribute("axis", attrs.axis), integer_attribute("keepdims", attrs.keep)});
  c.give(0, c.cast(y, c.out_desc().dtype));
}

void softmax_export(ExportCall& c) {
  c.give(0, c.add(c.attrs<SoftmaxAttrs>().logarithm ? "LogSoftmax" : "Softmax", {c.in(0)},
                  {integer_attribute("axis", -1)}));
}

std::string turned_operand(ExportCall& c, size_t i, bool turn) {
  if (!turn) return c.in(i);
  std::vector<int64_t> axes;
  for (size_t k = 0; k < c.in_desc(i).shape.rank(); ++k) axes.push_back(static_cast<int64_t>(k));
  std::swap(axes[axes.size() - 1], axes[axes.size() - 2]);
  return c.add("Transpose", {c.in(i)}, {list_attribute("perm", axes)});
}
// Matrices by Gemm, which turns its operands itself; what has batches by MatMul.
void matmul_export(ExportCall& c) {
  const auto attrs = c.attrs<MatmulAttrs>();
  if (attrs.alpha != 1 || attrs.beta != 1 || attrs.row_sums) c.refuse("a product that was fused");
  if (c.in_desc(0).shape.rank() == 2 && c.in_desc(1).shape.rank() == 2)
    return c.give(
        0, c.add("Gemm", {c.in(0), c.in(1)},
                 {integer_attribute("transA", attrs.transpose_a), integer_attribute("transB", attrs.transpose_b)}));
  const std::string a = turned_operand(c, 0, attrs.transpose_a), b = turned_operand(c, 1, attrs.transpose_b);
  c.give(0, c.add("MatMul", {a, b}));
}

}  // namespace

void add_export_moves(ExportTable& t) {
  t["reshape"] = reshape_export;
  t["broadcast_to"] = broadcast_export;
  t["transpose"] = transpose_export;
  t["slice"] = slice_export;
  t["pad"] = pad_export;
  t["concat"] = concat_export;
  t["gather"] = gather_export;
  t["sum"] = sum_export;
  for (const char* name : {"mean", "reduce_max", "reduce_min", "norm"}) t[name] = reduce_export;
  t["argmax"] = argmax_export;
  t["softmax"] = softmax_export;
  t["matmul"] = matmul_export;
}

}  // namespace lemnos::onnx
