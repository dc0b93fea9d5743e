// Axes in another order: axis k of y is axis axes[k] of x.
#include "reference/transpose.h"

namespace lemnos::reference {

void transpose(const Reference& c) {
  const Shape &x = c.in_shape(0), &y = c.out_shape();
  const std::vector<int64_t> axes = c.attrs<TransposeAttrs>().axes;
  for (size_t i = 0; i < c.out[0].size(); ++i) {
    std::vector<size_t> place(x.rank());  // in x
    size_t rest = i;
    for (size_t k = y.rank(); k-- > 0;) {
      place[static_cast<size_t>(axes[k])] = rest % static_cast<size_t>(y[k]);
      rest /= static_cast<size_t>(y[k]);
    }
    size_t from = 0;
    for (size_t k = 0; k < x.rank(); ++k) from = from * static_cast<size_t>(x[k]) + place[k];
    c.out[0][i] = c.in[0][from];
  }
}

}  // namespace lemnos::reference
