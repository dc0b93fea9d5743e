// The index of the largest element along an axis: the first among equals; NaN is the largest.
#include "reference/argmax.h"

#include <cmath>

namespace lemnos::reference {

void argmax(const Reference& c) {
  const Shape& x = c.in_shape(0);
  const size_t axis = x.axis(c.attrs<ArgmaxAttrs>().axis, "argmax");
  const size_t depth = static_cast<size_t>(x[axis]);
  size_t inner = 1;
  for (size_t i = axis + 1; i < x.rank(); ++i) inner *= static_cast<size_t>(x[i]);
  for (size_t i = 0; i < c.out[0].size(); ++i) {
    const size_t base = i / inner * inner * depth + i % inner;
    size_t best = 0;
    for (size_t k = 1; k < depth; ++k) {
      const double v = c.in[0][base + k * inner], top = c.in[0][base + best * inner];
      if (!std::isnan(top) && (v > top || std::isnan(v))) best = k;
    }
    c.out[0][i] = static_cast<double>(best);
  }
}

}  // namespace lemnos::reference
