// Rows by index, and rows joined by index.
#include "reference/gather.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

namespace lemnos::reference {

void gather(const Reference& c) {
  const auto attrs = c.attrs<GatherAttrs>();
  const double scale = attrs.scale, shift = attrs.shift, fill = attrs.fill;
  const double rows = static_cast<double>(c.in_shape(0)[0]);
  const size_t cols = c.out[0].size() / std::max<size_t>(c.in[1].size(), 1);
  for (size_t i = 0; i < c.in[1].size(); ++i)
    for (size_t j = 0; j < cols; ++j) {
      const double index = c.in[1][i];
      const bool found = index >= 0 && index < rows;
      c.out[0][i * cols + j] = found ? scale * c.in[0][static_cast<size_t>(index) * cols + j] + shift : fill;
    }
}

void scatter(const Reference& c) {
  const std::string_view how = c.node.op->name;
  const double inf = std::numeric_limits<double>::infinity();
  const double nothing = how == "scatter_max" ? -inf : how == "scatter_min" ? inf : how == "scatter_multiply" ? 1 : 0;
  const auto joined = [&](double a, double b) {
    if (how == "scatter_max") return a >= b || std::isnan(a) ? a : b;
    if (how == "scatter_min") return a <= b || std::isnan(a) ? a : b;
    return how == "scatter_multiply" ? a * b : a + b;
  };
  const double rows = static_cast<double>(c.out_shape()[0]);
  const size_t cols = c.in[0].size() / std::max<size_t>(c.in[1].size(), 1);
  std::ranges::fill(c.out[0], nothing);
  for (size_t i = 0; i < c.in[1].size(); ++i)
    for (size_t j = 0; j < cols; ++j) {
      const double index = c.in[1][i];
      if (!(index >= 0 && index < rows)) continue;
      double& y = c.out[0][static_cast<size_t>(index) * cols + j];
      y = joined(y, c.in[0][i * cols + j]);
    }
}

}  // namespace lemnos::reference
