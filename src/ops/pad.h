// Adds elements around a tensor, or removes some.
#pragma once

#include <vector>

#include "lemnos/op.h"

namespace lemnos::ops {

/// One axis of y, outermost first: its element `before + i` is element i of x for i < limit, others are the fill.
/// Negative: the first of x are left out. A `before` that wraps is fine for the kernel, whose numbers do too.
struct PadAxis {
  int64_t extent, before, limit;
  int64_t stride;  // elements of x; 1 along the last axis
};

/// The launch that makes y from x. `fill`: as bits of the dtype.
Dispatch pad(Lower& c, const TensorRef& x, const TensorRef& y, DType dtype, std::vector<PadAxis> axes, uint32_t fill);

}  // namespace lemnos::ops
