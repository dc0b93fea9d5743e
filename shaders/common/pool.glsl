// The windows of pooling along one axis, and where a counted element lies.
#ifndef COMMON_POOL
#define COMMON_POOL
#include "common/divide.glsl"

struct At {
  uint plane;
  int row, column;
};
At locate(uint index) {
  const uint line = quotient(index, params.columns, params.columns_multiplier, params.columns_shift);
  At at;
  at.plane = quotient(line, params.rows, params.rows_multiplier, params.rows_shift);
  at.row = int(line - at.plane * params.rows);
  at.column = int(index - line * params.columns);
  return at;
}

struct Window {
  int begin, end;  // places inside of x, the end excluded
};

Window window_of(int i, int kernel, int stride, int pad, int dilation, int extent, int out_extent) {
  if (adapted != 0) return Window(i * extent / out_extent, ((i + 1) * extent + out_extent - 1) / out_extent);
  const int from = i * stride - pad;
  const int begin = from >= 0 ? from : from + (-from + dilation - 1) / dilation * dilation;
  return Window(begin, min(from + (kernel - 1) * dilation + 1, extent));
}
Window window_y(int i) {
  return window_of(i, kernel_h, stride_h, params.pad_h, dilation_h, int(params.height), int(params.out_height));
}
Window window_x(int i) {
  return window_of(i, kernel_w, stride_w, params.pad_w, dilation_w, int(params.width), int(params.out_width));
}

// The windows that may hold place `at`, the last excluded.
ivec2 windows_over(int at, int kernel, int stride, int pad, int dilation, int extent, int out_extent) {
  if (adapted != 0) return ivec2(at * out_extent / extent, ((at + 1) * out_extent + extent - 1) / extent);
  const int low = at + pad - (kernel - 1) * dilation;
  return ivec2(low <= 0 ? 0 : (low + stride - 1) / stride, min((at + pad) / stride + 1, out_extent));
}
ivec2 windows_over_y(int at) {
  return windows_over(at, kernel_h, stride_h, params.pad_h, dilation_h, int(params.height),
                      int(params.out_height));
}
ivec2 windows_over_x(int at) {
  return windows_over(at, kernel_w, stride_w, params.pad_w, dilation_w, int(params.width), int(params.out_width));
}

// Small whole windows are walked by loops that every compiler unrolls.
#define FOR_WHOLE_WINDOW(i, j) \
  [[unroll]] for (int i = 0; i < kernel_h; ++i) [[unroll]] for (int j = 0; j < kernel_w; ++j)
uint place_in_window(uint corner, int i, int j) {
  return corner + uint(i * dilation_h) * params.width + uint(j * dilation_w);
}
// Of a window without padding.
uint corner_of(At at) {
  return (at.plane * params.height + uint(at.row * stride_h)) * params.width + uint(at.column * stride_w);
}

// What each place counts in the average of window (i, j). An average knows no dilation.
float share_of(int i, Window y, int j, Window x) {
  int rows = y.end - y.begin, columns = x.end - x.begin;
  if (count_pad != 0 && adapted == 0) {
    rows = min(kernel_h, int(params.height) + params.pad_h - (i * stride_h - params.pad_h));
    columns = min(kernel_w, int(params.width) + params.pad_w - (j * stride_w - params.pad_w));
  }
  return rows * columns > 0 ? 1.0 / float(rows * columns) : 0.0;
}

#endif
