// Sums, means, extremes, products and norms over axes, softmax and its kin, and running sums.

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "judges/onnx/table.h"
#include "judges/places.h"

namespace lemnos::judges::onnx {

namespace {

using Over = std::function<Value(Value x, const Axes& axes, bool keep)>;

void reduction_row(OpTable& t, const char* op, Over f, Tolerance tolerance = kOnnx) {
  t.add(
      op,
      [f](Call& c) {
        const Value x = c[0];
        const bool keep = c.flag("keepdims", true);
        Axes axes = c.list(1, "axes", {});
        if (axes.empty() && c.flag("noop_with_empty_axes", false)) return identity(x);
        // A scalar, and what has no axes to go over.
        if (x.shape().rank() == 0) return reshape(f(reshape(x, Shape{1}), {0}, false), Shape{});
        return through_real(x, [&](Value v) { return f(v, counted(axes, v.shape()), keep); });
      },
      tolerance);
}

template <Value (*f)(Value, Axes, bool)>
Value of_some(Value x, const Axes& axes, bool keep) {
  express_if(x.shape().elements() > 0, "the largest of no elements");
  return f(x, axes, keep);
}

// Along one axis after another: everything comes to one row.
Value multiplied(Value x, Axes axes, bool keep) {
  if (axes.empty()) axes = integers(static_cast<int64_t>(x.shape().rank()));
  Axes order = axes, kept, dims = dims_of(x);
  int64_t count = 1;
  for (int64_t i = 0; i < static_cast<int64_t>(dims.size()); ++i) {
    const bool goes = std::ranges::find(axes, i) != axes.end();
    if (goes) count *= dims[static_cast<size_t>(i)];
    if (!goes) order.push_back(i), kept.push_back(dims[static_cast<size_t>(i)]);
    if (goes && keep) kept.push_back(1);
  }
  const Value rows =
      reshape(permute(x, order), Axes{count, count ? x.shape().elements() / count : Shape(kept).elements()});
  return reshape(scatter_multiply(rows, zeros(x.graph(), Shape{count}, DType::i32), 1), kept);
}

Value log_of_exponentials(Value x, const Axes& axes, bool keep) {
  if (x.shape().elements() == 0) return log(sum(exp(x), axes, keep));
  const Value most = reduce_max(x, axes, true), logarithm = log(sum(exp(x - most), axes, keep));
  return logarithm + reshape(most, logarithm.shape());
}

// The place of the extreme; the last of equals is the first from behind.
auto place_row(Value (*f)(Value, int64_t, bool)) {
  return [f](Call& c) {
    const Value x = c[0];
    const size_t axis = x.shape().axis(c.integer("axis", 0), "ArgMax");
    const int64_t extent = x.shape()[axis], at = static_cast<int64_t>(axis);
    const bool keep = c.flag("keepdims", true);
    if (!c.flag("select_last_index", false)) return f(x, at, keep);
    const Value last = full(c.graph(), {}, static_cast<float>(extent - 1), DType::i32);
    return last - f(pick(x, at, integers(extent, extent - 1, -1)), at, keep);
  };
}

// Before operator set 13 all axes from `axis` on are one.
auto softmax_row(Value (*f)(Value, int64_t)) {
  return [f](Call& c) {
    const bool joined = c.version() < 13;
    const Value x = c[0];
    const size_t axis = x.shape().axis(c.integer("axis", joined ? 1 : -1), "Softmax");
    if (!joined) return f(x, static_cast<int64_t>(axis));
    int64_t rows = 1;
    for (size_t i = 0; i < axis; ++i) rows *= x.shape()[i];
    return reshape(f(reshape(x, Shape{rows, x.shape().elements() / rows}), 1), x.shape());
  };
}

Value running_sum(Call& c) {
  const auto axis = static_cast<int64_t>(c[0].shape().axis(static_cast<int64_t>(c.number(1)), "CumSum"));
  const int64_t extent = c[0].shape()[static_cast<size_t>(axis)];
  const bool reverse = c.flag("reverse", false), exclusive = c.flag("exclusive", false);
  const Axes turned = integers(extent, extent - 1, -1);
  Value x = reverse ? pick(c[0], axis, turned) : c[0];
  const size_t rank = x.shape().rank();
  if (exclusive) {  // the elements before each, from a zero on
    Axes one(rank, 0);
    one[static_cast<size_t>(axis)] = 1;
    x = slice_axis(pad(x, one, Axes(rank, 0)), axis, 0, extent);
  }
  const Value y = scan(x, static_cast<size_t>(axis), 0, add).all;
  return reverse ? pick(y, axis, turned) : y;
}

}  // namespace

void add_reduced(OpTable& t) {
  reduction_row(t, "ReduceSum", sum);
  reduction_row(t, "ReduceMean", mean);
  reduction_row(t, "ReduceMax", of_some<reduce_max>, kExact);
  reduction_row(t, "ReduceMin", of_some<reduce_min>, kExact);
  reduction_row(t, "ReduceProd", multiplied);
  reduction_row(t, "ReduceL1", [](Value x, const Axes& axes, bool keep) { return sum(abs(x), axes, keep); });
  reduction_row(t, "ReduceL2", norm);
  reduction_row(t, "ReduceSumSquare", [](Value x, const Axes& axes, bool keep) { return sum(square(x), axes, keep); });
  reduction_row(t, "ReduceLogSum", [](Value x, const Axes& axes, bool keep) { return log(sum(x, axes, keep)); });
  reduction_row(t, "ReduceLogSumExp", log_of_exponentials);
  t.add("ArgMax", place_row(argmax), kExact);
  t.add("ArgMin", place_row(argmin), kExact);
  t.add("Softmax", softmax_row(softmax));
  t.add("LogSoftmax", softmax_row(log_softmax));
  t.add("CumSum", running_sum);
}

}  // namespace lemnos::judges::onnx
