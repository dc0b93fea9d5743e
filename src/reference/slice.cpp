// Part of a tensor: from `begin` along every axis.
#include "reference/slice.h"

namespace lemnos::reference {

void slice(const Reference& c) {
  const Shape &x = c.in_shape(0), &y = c.out_shape();
  const std::vector<int64_t> begin = c.attrs<SliceAttrs>().begin;
  for (size_t i = 0; i < c.out[0].size(); ++i) {
    size_t rest = i, from = 0, step = 1;
    for (size_t k = y.rank(); k-- > 0;) {
      from += (static_cast<size_t>(begin[k]) + rest % static_cast<size_t>(y[k])) * step;
      rest /= static_cast<size_t>(y[k]);
      step *= static_cast<size_t>(x[k]);
    }
    c.out[0][i] = c.in[0][from];
  }
}

}  // namespace lemnos::reference
