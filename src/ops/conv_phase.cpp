// Phases of a convolution: places of the result that meet the same taps.
#include <algorithm>

#include "base/text.h"
#include "ops/conv.h"

namespace lemnos::ops {

std::vector<Phase> phases_of(const Convolution& f, Toward toward, size_t axis) {
  const int64_t kernel = f.kernel[axis], stride = f.stride[axis], dilation = f.dilation[axis], pad = f.padding[axis];
  if (toward == Toward::y) return {{kernel, 0, 1, axis ? f.out_width : f.out_height, 0, 1, -pad, stride, dilation}};
  std::vector<Phase> phases;
  const int64_t extent = axis ? f.width : f.height;
  for (int64_t i = 0; i < std::min(stride, extent); ++i) {
    // Place i + stride j of x is met by tap (i + pad) % stride and every stride-th after it.
    const int64_t tap = (i + pad) % stride, taps = std::max<int64_t>((kernel - tap + stride - 1) / stride, 0);
    phases.push_back({taps, tap + stride * (taps - 1), -stride, (extent - i + stride - 1) / stride, i, stride,
                      (i + pad) / stride - dilation * (taps - 1), 1, dilation});
  }
  return phases;
}

std::string refuse_phases(const Convolution& f, Toward toward) {
  for (size_t axis = 0; axis < 2 && toward == Toward::x; ++axis)
    if (f.stride[axis] > 1 && f.dilation[axis] > 1)
      return text("a stride of ", f.stride[axis], " with a dilation of ", f.dilation[axis],
                  " is not supported by this kernel");
  return {};
}

}  // namespace lemnos::ops
