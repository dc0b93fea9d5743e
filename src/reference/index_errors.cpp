// Adds the indices that are too large to a row of the report: {count, position of the first, its value}.
#include "reference/index_errors.h"

namespace lemnos::reference {

void index_errors(const Reference& c) {
  const auto attrs = c.attrs<IndexErrorsAttrs>();
  const auto row = c.out[0].subspan(3 * static_cast<size_t>(attrs.row), 3);
  const double limit = static_cast<double>(attrs.limit);
  for (size_t i = 0; i < c.in[1].size(); ++i) {
    if (c.in[1][i] < limit) continue;
    if (row[0] == 0) {
      row[1] = static_cast<double>(i);
      row[2] = c.in[1][i];
    }
    ++row[0];
  }
}

}  // namespace lemnos::reference
