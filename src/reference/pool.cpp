// Pooling over windows, with PyTorch's conventions.
#include "reference/pool.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "shaders/pool.h"

namespace lemnos::reference {

namespace {

std::array<int64_t, 2> pair(const std::vector<int64_t>& given, std::array<int64_t, 2> otherwise) {
  return given.empty() ? otherwise : std::array{given[0], given[1]};
}

int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Calls visit(index of the plane's element) for each place of a window, row by row.
template <typename Visit>
void each_place(const Windows& w, int64_t i, int64_t j, Visit visit) {
  const Windows::Range y = w.range(0, i), x = w.range(1, j);
  for (int64_t a = y.begin; a < y.end; a += y.step)
    for (int64_t b = x.begin; b < x.end; b += x.step) visit(static_cast<size_t>(a * w.extent[1] + b));
}

double divisor(const Windows& w, int64_t i, int64_t j, bool count_pad) {
  double inside = 0;
  each_place(w, i, j, [&](size_t) { ++inside; });
  return count_pad ? static_cast<double>(w.range(0, i).whole * w.range(1, j).whole) : std::max(inside, 1.0);
}

// The index of the maximum of a window: the first among equals; NaN is the largest.
size_t place_of_maximum(const Windows& w, int64_t i, int64_t j, std::span<const double> plane) {
  size_t found = 0;
  double top = -std::numeric_limits<double>::infinity();
  bool any = false;
  each_place(w, i, j, [&](size_t at) {
    if (!any || plane[at] > top || std::isnan(plane[at])) {
      top = plane[at];
      found = at;
    }
    any = true;
  });
  return found;
}

// Calls visit(plane, window i, window j, index of the result) for all of them.
template <typename Visit>
void each_window(const Windows& w, size_t planes, Visit visit) {
  size_t result = 0;
  for (size_t plane = 0; plane < planes; ++plane)
    for (int64_t i = 0; i < w.out[0]; ++i)
      for (int64_t j = 0; j < w.out[1]; ++j) visit(plane, i, j, result++);
}

}  // namespace

Windows windows(const PoolAttrs& attrs, int64_t height, int64_t width) {
  Windows w{};
  w.extent = {height, width};
  w.adapted = !attrs.size.empty();
  w.kernel = pair(attrs.kernel, {1, 1});
  w.stride = pair(attrs.stride, w.kernel);
  w.padding = pair(attrs.padding, {0, 0});
  w.dilation = pair(attrs.dilation, {1, 1});
  if (w.adapted) {
    w.out = pair(attrs.size, {1, 1});
    return w;
  }
  for (size_t i = 0; i < 2; ++i) {
    const int64_t room = w.extent[i] + 2 * w.padding[i] - w.dilation[i] * (w.kernel[i] - 1) - 1;
    if (room < 0) continue;  // no window fits
    w.out[i] = (attrs.ceil ? divide_up(room, w.stride[i]) : room / w.stride[i]) + 1;
    // A window that would begin past the plane and the padding before it does not count.
    if ((w.out[i] - 1) * w.stride[i] >= w.extent[i] + w.padding[i]) --w.out[i];
  }
  return w;
}

Windows::Range Windows::range(size_t axis, int64_t i) const {
  const int64_t n = extent[axis];
  if (adapted) {
    const int64_t begin = i * n / out[axis], end = divide_up((i + 1) * n, out[axis]);
    return {begin, end, 1, end - begin};
  }
  const int64_t from = i * stride[axis] - padding[axis], step = dilation[axis];
  int64_t begin = from;
  while (begin < 0) begin += step;
  const int64_t end = std::min(from + (kernel[axis] - 1) * step + 1, n);
  return {begin, end, step, std::min(kernel[axis], divide_up(n + padding[axis] - from, step))};
}

void max_pool2d(const Reference& c) {
  const Shape& x = c.in_shape(0);
  const Windows w = windows(c.attrs<PoolAttrs>(), x[x.rank() - 2], x[x.rank() - 1]);
  const size_t plane = static_cast<size_t>(w.extent[0] * w.extent[1]);
  each_window(w, c.in[0].size() / plane, [&](size_t p, int64_t i, int64_t j, size_t result) {
    const auto values = c.in[0].subspan(p * plane, plane);
    c.out[0][result] = values[place_of_maximum(w, i, j, values)];
  });
}

void max_pool2d_pick(const Reference& c) {
  const Shape& x = c.in_shape(0);
  const Windows w = windows(c.attrs<PoolAttrs>(), x[x.rank() - 2], x[x.rank() - 1]);
  const size_t plane = static_cast<size_t>(w.extent[0] * w.extent[1]);
  each_window(w, c.in[0].size() / plane, [&](size_t p, int64_t i, int64_t j, size_t result) {
    c.out[0][result] = c.in[1][p * plane + place_of_maximum(w, i, j, c.in[0].subspan(p * plane, plane))];
  });
}

void avg_pool2d(const Reference& c) {
  const auto attrs = c.attrs<PoolAttrs>();
  const Shape& x = c.in_shape(0);
  const Windows w = windows(attrs, x[x.rank() - 2], x[x.rank() - 1]);
  const size_t plane = static_cast<size_t>(w.extent[0] * w.extent[1]);
  each_window(w, c.in[0].size() / plane, [&](size_t p, int64_t i, int64_t j, size_t result) {
    double sum = 0;
    each_place(w, i, j, [&](size_t at) { sum += c.in[0][p * plane + at]; });
    c.out[0][result] = sum / divisor(w, i, j, attrs.count_pad);
  });
}

void pool2d_backward(const Reference& c) {
  const auto attrs = c.attrs<PoolBackwardAttrs>();
  const bool maximum = attrs.function == POOL_MAX;
  const Windows w = windows(attrs.pool, attrs.height, attrs.width);
  const size_t plane = static_cast<size_t>(w.extent[0] * w.extent[1]);
  const std::span<const double> dy = c.in.back();
  std::ranges::fill(c.out[0], 0.0);
  each_window(w, c.out[0].size() / plane, [&](size_t p, int64_t i, int64_t j, size_t result) {
    const auto dx = c.out[0].subspan(p * plane, plane);
    if (maximum) {
      dx[place_of_maximum(w, i, j, c.in[0].subspan(p * plane, plane))] += dy[result];
    } else {
      const double share = dy[result] / divisor(w, i, j, attrs.pool.count_pad);
      each_place(w, i, j, [&](size_t at) { dx[at] += share; });
    }
  });
}

}  // namespace lemnos::reference
