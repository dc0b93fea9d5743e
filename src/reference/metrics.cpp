// Metrics over a batch.
#include "reference/metrics.h"

#include <algorithm>
#include <cmath>

namespace lemnos::reference {

void accuracy_count(const Reference& c) {
  const auto attrs = c.attrs<AccuracyAttrs>();
  const size_t cols = static_cast<size_t>(c.in_shape(0)[c.in_shape(0).rank() - 1]);
  double right = 0, count = 0;
  for (size_t row = 0; row < c.in[1].size(); ++row) {
    if (c.in[1][row] < 0) continue;
    ++count;
    const auto target = static_cast<size_t>(c.in[1][row]);
    const auto x = c.in[0].subspan(row * cols, cols);
    if (target >= cols || std::isnan(x[target])) continue;
    int64_t rank = 0;  // how many classes beat the target: larger, or equal and earlier
    for (size_t k = 0; k < cols; ++k)
      if (x[k] > x[target] || (x[k] == x[target] && k < target)) ++rank;
    if (rank < attrs.top) ++right;
  }
  c.out[0][0] = right;
  c.out[0][1] = count;
}

// counts[target, prediction] += 1; for scores in [0, 1] the prediction is the bin that the score falls into.
void confusion_count(const Reference& c) {
  const bool scores = c.in_desc[1].dtype == DType::f32;
  const size_t rows = static_cast<size_t>(c.in_shape(0)[0]), columns = static_cast<size_t>(c.in_shape(0)[1]);
  const double last = static_cast<double>(columns - 1);
  for (size_t i = 0; i < c.in[1].size(); ++i) {
    const double target = c.in[2][i];
    double column = c.in[1][i];
    if (target < 0 || target >= static_cast<double>(rows) || std::isnan(column)) continue;
    if (scores) column = std::clamp(std::floor(column * static_cast<double>(columns)), 0.0, last);
    if (column < 0 || column > last) continue;
    ++c.out[0][static_cast<size_t>(target) * columns + static_cast<size_t>(column)];
  }
}

}  // namespace lemnos::reference
