// The variable becomes the value; the arena takes each gradient at its offset.
#include "reference/assign.h"

#include <algorithm>

namespace lemnos::reference {

void assign(const Reference& c) { std::ranges::copy(c.in[1], c.out[0].begin()); }

void place_gradients(const Reference& c) {
  const std::vector<int64_t> offsets = c.attrs<PlaceGradientsAttrs>().offsets;
  for (size_t i = 0; i < offsets.size(); ++i) std::ranges::copy(c.in[i + 1], c.out[0].begin() + offsets[i]);
}

}  // namespace lemnos::reference
