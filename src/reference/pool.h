// The windows of pooling, for the reference and for whoever checks shapes.
#pragma once

#include <array>

#include "lemnos/op.h"

namespace lemnos::reference {

/// Pairs are {along height, along width}.
struct Windows {
  std::array<int64_t, 2> extent, out, kernel, stride, padding, dilation;
  bool adapted = false;  // only `extent` and `out` count then

  /// The places of window i along an axis, inside of the plane: begin, end (excluded), step.
  struct Range {
    int64_t begin, end, step;
    int64_t whole;  // places of the window, those in the padding included
  };
  Range range(size_t axis, int64_t i) const;
};
Windows windows(const Attrs& attrs, int64_t height, int64_t width);

void max_pool2d(const Reference& c);
void avg_pool2d(const Reference& c);
void max_pool2d_pick(const Reference& c);
void pool2d_backward(const Reference& c);

}  // namespace lemnos::reference
