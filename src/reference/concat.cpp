// Tensors one after the other along an axis.
#include "reference/concat.h"

namespace lemnos::reference {

void concat(const Reference& c) {
  const size_t axis = static_cast<size_t>(c.attrs<ConcatAttrs>().axis);
  size_t outer = 1;
  for (size_t i = 0; i < axis; ++i) outer *= static_cast<size_t>(c.out_shape()[i]);
  size_t at = 0;
  for (size_t o = 0; o < outer; ++o)
    for (const std::span<const double> x : c.in) {
      const size_t run = x.size() / outer;
      for (size_t j = 0; j < run; ++j) c.out[0][at++] = x[o * run + j];
    }
}

}  // namespace lemnos::reference
