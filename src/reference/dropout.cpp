// Inverted dropout: an element (or a group of per_mask consecutive ones) is kept when its random bits reach the
// threshold.
#include "reference/mask.h"

namespace lemnos::reference {

void dropout(const Reference& c) {
  const Mask mask(c.attrs().real("rate"), c.attrs(), c.in[1]);
  const auto per_mask = static_cast<size_t>(c.attrs().integer("per_mask"));
  for (size_t i = 0; i < c.out[0].size(); ++i) {
    const double factor = mask(i / per_mask);
    c.out[0][i] = factor > 0 ? factor * c.in[0][i] : 0.0;
  }
}

}  // namespace lemnos::reference
