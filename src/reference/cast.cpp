// Another element type.
#include "reference/cast.h"

#include <algorithm>
#include <cmath>

#include "base/half.h"

namespace lemnos::reference {

void cast(const Reference& c) {
  for (size_t i = 0; i < c.out[0].size(); ++i) {
    const double x = c.in[0][i];
    switch (c.out_desc[0].dtype) {
      case DType::boolean: c.out[0][i] = x == 0 ? 0 : 1; break;
      case DType::u8: c.out[0][i] = std::trunc(std::clamp(x, 0.0, 255.0)); break;
      case DType::i32:
      case DType::u32: c.out[0][i] = std::trunc(x); break;
      case DType::f16:
      case DType::bf16: c.out[0][i] = round_to(c.out_desc[0].dtype, x); break;
      case DType::f32: c.out[0][i] = x; break;  // the oracle's doubles stand for f32
    }
  }
}

}  // namespace lemnos::reference
