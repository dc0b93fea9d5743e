// One of two operands by a condition, broadcast as NumPy does.
#include "lemnos/op.h"
#include "reference/binary.h"

namespace lemnos::reference {

void where(const Reference& c) {
  const auto at = [&](size_t operand, size_t i) {
    return c.in[operand][position_in(c.in_shape(operand), c.out_shape(), i)];
  };
  for (size_t i = 0; i < c.out[0].size(); ++i) c.out[0][i] = at(0, i) != 0 ? at(1, i) : at(2, i);
}

}  // namespace lemnos::reference
