// x stretched to a shape: axes are matched from the last, an extent of 1 repeats.
#include "reference/broadcast_to.h"

#include "reference/binary.h"

namespace lemnos::reference {

void broadcast_to(const Reference& c) {
  for (size_t i = 0; i < c.out[0].size(); ++i) c.out[0][i] = c.in[0][position_in(c.in_shape(0), c.out_shape(), i)];
}

}  // namespace lemnos::reference
