#include "judges/onnx/spans.h"

#include <algorithm>

#include "judges/windows.h"

namespace lemnos::judges::onnx {

Spans spans_of(Call& c, Value x, const Axes& kernel) {
  const size_t axes = kernel.size(), lead = x.shape().rank() - axes;
  const Axes ones(axes, 1), pads = c.list("pads", Axes(2 * axes, 0));
  Spans s{kernel,
          c.list("strides", ones),
          c.list("dilations", ones),
          {pads.begin(), pads.begin() + static_cast<std::ptrdiff_t>(axes)},
          {pads.begin() + static_cast<std::ptrdiff_t>(axes), pads.end()}};
  const std::string how = c.word("auto_pad", "NOTSET");
  if (!how.starts_with("SAME")) return s;
  for (size_t i = 0; i < axes; ++i) {
    const int64_t extent = x.shape()[lead + i], count = (extent + s.stride[i] - 1) / s.stride[i];
    const int64_t whole = std::max<int64_t>(0, (count - 1) * s.stride[i] + s.reach(i) - extent);
    s.before[i] = how == "SAME_UPPER" ? whole / 2 : whole - whole / 2;
    s.after[i] = whole - s.before[i];
  }
  return s;
}

Value bordered(Value x, const Axes& before, const Axes& after, float value) {
  Axes front(x.shape().rank() - before.size(), 0), back = front;
  front.insert(front.end(), before.begin(), before.end());
  back.insert(back.end(), after.begin(), after.end());
  return pad(x, front, back, value);
}

Value convolved(Value x, Value w, Value bias, const Spans& s, int64_t groups) {
  if (s.axes() == 3)
    return conv3d(bordered(x, s.before, s.after), w, bias,
                  {.stride = {s.stride[0], s.stride[1], s.stride[2]},
                   .dilation = {s.dilation[0], s.dilation[1], s.dilation[2]},
                   .groups = groups});
  const Axes none(s.axes(), 0), &padding = s.even() ? s.before : none;
  if (!s.even()) x = bordered(x, s.before, s.after);
  if (s.axes() == 1)
    return conv1d(x, w, bias,
                  {.stride = s.stride[0], .padding = padding[0], .dilation = s.dilation[0], .groups = groups});
  return conv2d(x, w, bias,
                {.stride = {s.stride[0], s.stride[1]},
                 .padding = {padding[0], padding[1]},
                 .dilation = {s.dilation[0], s.dilation[1]},
                 .groups = groups});
}

}  // namespace lemnos::judges::onnx
