// The windows of pooling along one axis.
#ifndef COMMON_POOL
#define COMMON_POOL

struct Window {
  int begin, end;  // places inside of x, the end excluded
  int step;
  int size;  // of the whole window, padding included
};

Window window_of(int i, int kernel, int stride, int pad, int dilation, int extent, int out_extent) {
  Window w;
  if (adapted != 0) {
    w.begin = i * extent / out_extent;
    w.end = ((i + 1) * extent + out_extent - 1) / out_extent;
    w.step = 1;
    w.size = w.end - w.begin;
    return w;
  }
  const int from = i * stride - pad;
  w.step = dilation;
  w.begin = from >= 0 ? from : from + (-from + dilation - 1) / dilation * dilation;
  w.end = min(from + (kernel - 1) * dilation + 1, extent);
  w.size = min(kernel, (extent + pad - from + dilation - 1) / dilation);
  return w;
}
Window window_y(int i) {
  return window_of(i, params.kernel_h, params.stride_h, params.pad_h, params.dilation_h, int(params.height),
                   int(params.out_height));
}
Window window_x(int i) {
  return window_of(i, params.kernel_w, params.stride_w, params.pad_w, params.dilation_w, int(params.width),
                   int(params.out_width));
}

// The windows that may hold place `at`, the last excluded.
ivec2 windows_over(int at, int kernel, int stride, int pad, int dilation, int extent, int out_extent) {
  if (adapted != 0) return ivec2(at * out_extent / extent, ((at + 1) * out_extent + extent - 1) / extent);
  const int reach = (kernel - 1) * dilation;
  const int low = at + pad - reach;
  return ivec2(low <= 0 ? 0 : (low + stride - 1) / stride, min((at + pad) / stride + 1, out_extent));
}
ivec2 windows_over_y(int at) {
  return windows_over(at, params.kernel_h, params.stride_h, params.pad_h, params.dilation_h, int(params.height),
                      int(params.out_height));
}
ivec2 windows_over_x(int at) {
  return windows_over(at, params.kernel_w, params.stride_w, params.pad_w, params.dilation_w, int(params.width),
                      int(params.out_width));
}

float share_of(Window y, Window x) {
  if (count_pad != 0) return 1.0 / float(y.size * x.size);
  const int rows = max((y.end - y.begin + y.step - 1) / y.step, 0);
  const int columns = max((x.end - x.begin + x.step - 1) / x.step, 0);
  return rows * columns > 0 ? 1.0 / float(rows * columns) : 0.0;
}

#endif
