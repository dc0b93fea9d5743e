// The windows of pooling, for the reference and for whoever checks shapes.
#pragma once

#include <array>

#include "lemnos/op.h"

namespace lemnos {

struct PoolAttrs {
  std::vector<int64_t> kernel;  // pairs {along height, along width}, or none
  std::vector<int64_t> stride;  // none: the kernel
  std::vector<int64_t> padding;
  std::vector<int64_t> dilation;
  bool ceil = false;
  bool count_pad = true;
  std::vector<int64_t> size;  // of the result, in place of all of these

  void visit(auto&& f) {
    f("kernel", kernel), f("stride", stride), f("padding", padding), f("dilation", dilation), f("ceil", ceil),
        f("count_pad", count_pad), f("size", size);
  }
};

struct PoolBackwardAttrs {
  PoolAttrs pool;
  int64_t function = 0;  // POOL_*
  int64_t height = 0;    // of x
  int64_t width = 0;

  void visit(auto&& f) {
    pool.visit(f), f("function", function), f("height", height, kRequired), f("width", width, kRequired);
  }
};

}  // namespace lemnos

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
Windows windows(const PoolAttrs& attrs, int64_t height, int64_t width);

void max_pool2d(const Reference& c);
void avg_pool2d(const Reference& c);
void max_pool2d_pick(const Reference& c);
void pool2d_backward(const Reference& c);

}  // namespace lemnos::reference
