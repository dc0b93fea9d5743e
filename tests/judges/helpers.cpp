#include "judges/helpers.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>

#include "judges/args.h"

namespace lemnos::judges {

Axes counted(const Axes& dims, const Shape& shape) {
  const auto rank = static_cast<int64_t>(std::max<size_t>(1, shape.rank()));
  Axes axes;
  for (int64_t dim : dims) axes.push_back(dim < 0 ? dim + rank : dim);
  std::ranges::sort(axes);
  return axes;
}

Value at_least_1d(Value x) { return x.shape().rank() ? x : reshape(x, Shape{1}); }

Axes integers(int64_t count, int64_t first, int64_t step) {
  Axes numbers;
  for (int64_t i = 0; i < count; ++i) numbers.push_back(first + i * step);
  return numbers;
}

Value indices(Graph& graph, const Axes& numbers) {
  const std::vector<int32_t> items(numbers.begin(), numbers.end());
  return graph.constant({Shape{static_cast<int64_t>(items.size())}, DType::i32}, std::as_bytes(std::span(items)));
}

Axes dims_of(Value x) { return {x.shape().begin(), x.shape().end()}; }

Value unsqueeze(Value x, int64_t axis) {
  Axes dims = dims_of(x);
  dims.insert(dims.begin() + (axis < 0 ? axis + static_cast<int64_t>(dims.size()) + 1 : axis), 1);
  return reshape(x, dims);
}

Value squeeze(Value x, int64_t axis) { return reshape(x, x.shape().without(x.shape().axis(axis, "squeeze"))); }

Value reduced(Value losses, const std::string& reduction) {
  if (reduction == "none") return losses;
  return reduction == "sum" ? sum(losses) : mean(losses);
}

Reduction reduction_of(const std::string& word) {
  if (word == "none") return Reduction::none;
  return word == "sum" ? Reduction::sum : Reduction::mean;
}

Value vector_norm(Value x, double p, const Axes& axes, bool keep) {
  if (p == 2) return norm(x, axes, keep);
  if (p == 1) return sum(abs(x), axes, keep);
  if (p == 0) return sum(cast(not_equal(x, 0), DType::f32), axes, keep);
  if (std::isinf(p)) return p > 0 ? reduce_max(abs(x), axes, keep) : reduce_min(abs(x), axes, keep);
  const Value powers = pow(abs(x), x.graph().scalar(static_cast<float>(p)));
  return pow(sum(powers, axes, keep), x.graph().scalar(static_cast<float>(1 / p)));
}

Value logaddexp(Value a, Value b) {
  const Value most = stop_gradient(maximum(a, b));
  return most + log(exp(a - most) + exp(b - most));
}

Value product(Value a, Value b) {
  const bool row = a.shape().rank() == 1, column = b.shape().rank() == 1;
  if (row) a = unsqueeze(a, 0);
  if (column) b = unsqueeze(b, 1);
  Value c = matmul(a, b);
  if (row) c = squeeze(c, -2);
  return column ? squeeze(c, -1) : c;
}

Value below_diagonal(Graph& graph, int64_t rows, int64_t columns, int64_t diagonal) {
  const Value row = reshape(range(graph, 0, rows), Shape{rows, 1}), column = range(graph, 0, columns);
  return less_equal(column - row, full(graph, {}, static_cast<float>(diagonal), DType::i32));
}

}  // namespace lemnos::judges
