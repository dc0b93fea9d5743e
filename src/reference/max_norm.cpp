// Rows longer than max_norm are shortened to it.
#include "reference/max_norm.h"

#include <cmath>

namespace lemnos::reference {

void max_norm(const Reference& c) {
  const double most = c.attrs<MaxNormAttrs>().max_norm;
  const size_t rows = static_cast<size_t>(c.in_shape(0)[0]), cols = c.out[0].size() / rows;
  for (size_t row = 0; row < rows; ++row) {
    const auto x = c.out[0].subspan(row * cols, cols);
    double squares = 0;
    for (double v : x) squares += v * v;
    const double norm = std::sqrt(squares);
    if (norm > most)
      for (double& v : x) v *= most / norm;
  }
}

}  // namespace lemnos::reference
