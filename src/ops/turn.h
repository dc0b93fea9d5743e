// Turning matrices: y[i, c, r] = x[i, r, c].
#pragma once

#include "lemnos/op.h"

namespace lemnos::ops {

/// x: `count` matrices of `rows` x `columns`, one after the other.
struct Matrices {
  uint32_t count, rows, columns;
};
/// Whether the kernel turns such matrices: of halves, both sides are whole groups of four.
bool turns(DType dtype, uint32_t rows, uint32_t columns);
/// The launch that makes y from x.
Dispatch turn(Lower& c, const TensorRef& x, const TensorRef& y, DType dtype, const Matrices& m);

}  // namespace lemnos::ops
