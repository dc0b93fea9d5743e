// Rotary positions from a table of cosines and sines.
#include "reference/rotary.h"

namespace lemnos::reference {

void rotary(const Reference& c) {
  const auto attrs = c.attrs<RotaryAttrs>();
  const Shape& x = c.in_shape(0);
  const auto elements = static_cast<size_t>(x[x.rank() - 1]), half = elements / 2;
  const auto rows = static_cast<size_t>(attrs.rows), positions = static_cast<size_t>(c.in_shape(1)[0]);
  const double direction = attrs.inverse ? -1 : 1;
  for (size_t row = 0; row * elements < c.in[0].size(); ++row)
    for (size_t d = 0; d < half; ++d) {
      const size_t turn = (row / rows % positions * half + d) * 2, low = row * elements + d, high = low + half;
      const double cosine = c.in[1][turn], sine = direction * c.in[1][turn + 1];
      c.out[0][low] = c.in[0][low] * cosine - c.in[0][high] * sine;
      c.out[0][high] = c.in[0][high] * cosine + c.in[0][low] * sine;
    }
}

}  // namespace lemnos::reference
