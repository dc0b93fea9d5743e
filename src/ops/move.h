// Moving elements without looking at them: y[i, j, ...] = x[offset + i stride_i + j stride_j + ...].
#pragma once

#include <array>

#include "lemnos/op.h"

namespace lemnos::ops {

/// How y is read from x, in elements; a stride of 0 repeats. Axes of y outermost first.
struct Strides {
  int64_t offset = 0;
  std::array<int64_t, Shape::kMaxRank> stride{};
};

/// The strides of a dense tensor.
std::array<int64_t, Shape::kMaxRank> dense_strides(const Shape& shape);

/// The launch that moves input 0 to output 0. Throws `unsupported` when more than Folded::kMaxAxes axes remain.
Dispatch move(Lower& c, const Strides& strides);

}  // namespace lemnos::ops
