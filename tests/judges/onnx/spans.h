// Where the windows of a convolution or a pool lie along the last axes of a tensor, as ONNX says it.
#pragma once

#include <cstdint>

#include "judges/onnx/call.h"

namespace lemnos::judges::onnx {

struct Spans {
  Axes kernel, stride, dilation, before, after;
  bool ceil = false;

  size_t axes() const { return kernel.size(); }
  bool even() const { return before == after; }
  /// Of a window along axis i: from its first to its last element.
  int64_t reach(size_t i) const { return dilation[i] * (kernel[i] - 1) + 1; }
};
/// strides, dilations, pads and auto_pad of the node, for windows of these extents over x.
Spans spans_of(Call& c, Value x, const Axes& kernel);
/// x with `before` and `after` elements of `value` around its last axes.
Value bordered(Value x, const Axes& before, const Axes& after, float value = 0);
/// The convolution of lines, planes or volumes.
Value convolved(Value x, Value w, Value bias, const Spans& s, int64_t groups);

}  // namespace lemnos::judges::onnx
