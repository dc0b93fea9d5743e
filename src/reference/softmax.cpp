// Softmax and its logarithm along the last axis, with the maximum taken out so that exp cannot overflow.
#include "reference/softmax.h"

#include <algorithm>
#include <cmath>

namespace lemnos::reference {

void softmax(const Reference& c) {
  const bool logarithm = c.attrs<SoftmaxAttrs>().logarithm;
  const size_t cols = static_cast<size_t>(c.in_shape(0)[c.in_shape(0).rank() - 1]);
  for (size_t base = 0; base < c.in[0].size(); base += cols) {
    const auto x = c.in[0].subspan(base, cols);
    const auto y = c.out[0].subspan(base, cols);
    const double top = *std::ranges::max_element(x);
    double total = 0;
    for (double v : x) total += std::exp(v - top);
    for (size_t i = 0; i < cols; ++i) y[i] = logarithm ? x[i] - top - std::log(total) : std::exp(x[i] - top) / total;
  }
}

void softmax_backward(const Reference& c) {
  const bool logarithm = c.attrs<SoftmaxAttrs>().logarithm;
  const size_t cols = static_cast<size_t>(c.in_shape(0)[c.in_shape(0).rank() - 1]);
  for (size_t base = 0; base < c.in[0].size(); base += cols) {
    const auto y = c.in[0].subspan(base, cols);
    const auto dy = c.in[1].subspan(base, cols);
    double total = 0;
    for (size_t i = 0; i < cols; ++i) total += logarithm ? dy[i] : y[i] * dy[i];
    for (size_t i = 0; i < cols; ++i)
      c.out[0][base + i] = logarithm ? dy[i] - std::exp(y[i]) * total : y[i] * (dy[i] - total);
  }
}

}  // namespace lemnos::reference
