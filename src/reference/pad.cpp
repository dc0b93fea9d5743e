// A tensor with a value around it.
#include "reference/pad.h"

namespace lemnos::reference {

void pad(const Reference& c) {
  const auto attrs = c.attrs<PadAttrs>();
  const Shape &x = c.in_shape(0), &y = c.out_shape();
  const std::vector<int64_t>& before = attrs.before;
  for (size_t i = 0; i < c.out[0].size(); ++i) {
    int64_t rest = static_cast<int64_t>(i), from = 0, step = 1;
    bool inside = true;
    for (size_t k = y.rank(); k-- > 0;) {
      const int64_t place = rest % y[k] - before[k];
      inside = inside && place >= 0 && place < x[k];
      from += place * step;
      rest /= y[k];
      step *= x[k];
    }
    c.out[0][i] = inside ? c.in[0][static_cast<size_t>(from)] : attrs.value;
  }
}

}  // namespace lemnos::reference
