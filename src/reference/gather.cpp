// Rows by index, and their gradient: rows added up by index.
#include "reference/gather.h"

#include <algorithm>

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

void scatter_add(const Reference& c) {
  const double rows = static_cast<double>(c.out_shape()[0]);
  const size_t cols = c.in[0].size() / std::max<size_t>(c.in[1].size(), 1);
  std::ranges::fill(c.out[0], 0.0);
  for (size_t i = 0; i < c.in[1].size(); ++i)
    for (size_t j = 0; j < cols; ++j) {
      const double index = c.in[1][i];
      if (index >= 0 && index < rows) c.out[0][static_cast<size_t>(index) * cols + j] += c.in[0][i * cols + j];
    }
}

}  // namespace lemnos::reference
