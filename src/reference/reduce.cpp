// Reductions over any axes. A NaN in the input gives NaN in the output.
#include "reference/reduce.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

#include "reference/binary.h"

namespace lemnos::reference {

namespace {

// The shape of x with the reduced axes kept as 1.
Shape kept(const Reference& c) {
  Shape shape = c.in_shape(0);
  const std::vector<int64_t> axes = c.attrs<ReduceAttrs>().axes;
  for (size_t i = 0; i < shape.rank(); ++i)
    if (axes.empty() || std::ranges::find(axes, static_cast<int64_t>(i)) != axes.end()) shape = shape.with(i, 1);
  return shape;
}

}  // namespace

void reduce(const Reference& c) {
  const std::string_view op = c.node.op->name;
  const Shape shape = kept(c);
  const double infinity = std::numeric_limits<double>::infinity();
  std::ranges::fill(c.out[0], op == "reduce_max" ? -infinity : op == "reduce_min" ? infinity : 0.0);
  for (size_t i = 0; i < c.in[0].size(); ++i) {
    const double x = c.in[0][i];
    double& y = c.out[0][position_in(shape, c.in_shape(0), i)];
    if (op == "reduce_max") {
      if (x > y || std::isnan(x)) y = x;
    } else if (op == "reduce_min") {
      if (x < y || std::isnan(x)) y = x;
    } else {
      y += op == "norm" ? x * x : x;
    }
  }
  const double count = static_cast<double>(c.in[0].size()) / static_cast<double>(c.out[0].size());
  for (double& y : c.out[0]) {
    if (op == "mean") y /= count;
    if (op == "norm") y = std::sqrt(y);
  }
}

}  // namespace lemnos::reference
