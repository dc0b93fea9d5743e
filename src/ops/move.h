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

/// Whether a kernel walks a result of that shape: no more than Folded::kMaxAxes axes remain once neighbours are joined.
bool can_move(const Shape& out, const Strides& strides);
/// Throws `unsupported` where it does not.
void require_movable(const Shape& from, const Shape& out, const Strides& strides, const char* who);
/// The launch that moves input 0 to output 0.
Dispatch move(Lower& c, const Strides& strides);

}  // namespace lemnos::ops
