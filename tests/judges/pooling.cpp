// Pools, their inverses, and planes at other extents.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "judges/helpers.h"
#include "judges/tables.h"
#include "judges/windows.h"

namespace lemnos::judges {

namespace {

using Pair = std::array<int64_t, 2>;

Value plane_pooling(Value x, size_t axes) { return axes == 1 ? unsqueeze(x, -2) : x; }
Value row_pooling(Value y, size_t axes) { return axes == 1 ? squeeze(y, -2) : y; }

}  // namespace

Value pooled(Value x, Windows w, const std::function<Value(Value, Pool2dOptions)>& f) {
  const size_t axes = w.axes();
  if (axes == 2) return f(x, w.of(0));
  for (Axes* numbers : {&w.kernel, &w.stride, &w.dilation}) numbers->insert(numbers->begin() + (axes == 3), 1);
  w.padding.insert(w.padding.begin() + (axes == 3), 0);
  if (axes == 1) return row_pooling(f(plane_pooling(x, 1), w.of(0)), 1);
  return by_planes(
      x, [&](Value volume) { return f(volume, w.of(2)); }, [&](Value columns) { return f(columns, w.of(0)); });
}

Value numbered(Value x, size_t axes) {
  const Axes dims = dims_of(x), last(dims.end() - static_cast<std::ptrdiff_t>(axes), dims.end());
  return broadcast_to(cast(reshape(range(x.graph(), 0, Shape(last).elements()), Shape(last)), DType::f32), x.shape());
}

namespace {

// The pools' arguments stand at the same places, but for dilation and what follows.
Windows windows_of(Args& a, size_t axes) {
  Windows w{a.extents({1, "kernel_size"}, axes, 1), {}, a.extents({3, "padding"}, axes, 0), Axes(axes, 1)};
  const bool strided = a.has({2, "stride"}) && !a.list({2, "stride"}).empty();
  w.stride = strided ? a.extents({2, "stride"}, axes, 1) : w.kernel;
  return w;
}

std::vector<Value> max_pool(Args& a, size_t axes) {
  const bool places = a.flag("return_indices", false);
  Windows w = windows_of(a, axes);
  w.dilation = a.extents({4, "dilation"}, axes, 1);
  w.ceil = a.flag({5, "ceil_mode"}, false);
  Value at = numbered(a[0], axes);
  const Value y = pooled(a[0], w, [&](Value x, Pool2dOptions options) {
    at = max_pool2d_pick(x, reshape(at, x.shape()), options);
    return max_pool2d(x, options);
  });
  if (!places) return {y};
  return {y, cast(reshape(at, y.shape()), DType::i32)};
}

// x with its padding as elements, and with `ceil` what a last window that begins within them needs.
Value with_border(Value x, const Windows& w) {
  const size_t rank = x.shape().rank();
  Axes before(rank, 0), after(rank, 0);
  for (size_t i = 0; i < w.axes(); ++i) {
    const size_t axis = rank - w.axes() + i;
    const int64_t extent = x.shape()[axis], reach = extent + 2 * w.padding[i] - w.kernel[i], rest = reach % w.stride[i];
    before[axis] = after[axis] = w.padding[i];
    if (w.ceil && rest && reach - rest + w.stride[i] < extent + w.padding[i]) after[axis] += w.stride[i] - rest;
  }
  return pad(x, before, after);
}

Value avg_pool(Args& a, size_t axes) {
  Windows w = windows_of(a, axes);
  w.ceil = a.flag({4, "ceil_mode"}, false);
  w.count_include_pad = a.flag({5, "count_include_pad"}, true);
  const Where divisor{6, "divisor_override"};
  if (!a.has(divisor)) return pooled(a[0], w, avg_pool2d);
  // The sum of a window is its mean times its extent, in planes with zeros as far as the last window reaches.
  float window = 1;
  for (int64_t extent : w.kernel) window *= static_cast<float>(extent);
  const Value x = with_border(a[0], w);
  w = {w.kernel, w.stride, Axes(axes, 0), w.dilation};
  return window / a.real_number(divisor, 1) * pooled(x, w, avg_pool2d);
}

// To the extents of the result, -1 or None for x's own.
Value adapted(Value x, Axes size, const std::function<Value(Value, Pair)>& f) {
  const size_t axes = size.size(), rank = x.shape().rank();
  for (size_t i = 0; i < axes; ++i)
    if (size[i] < 0) size[i] = x.shape()[rank - axes + i];
  if (axes == 1) return row_pooling(f(plane_pooling(x, 1), {1, size[0]}), 1);
  if (axes == 2) return f(x, {size[0], size[1]});
  return by_planes(
      x,
      [&](Value volume) {
        return f(volume, {size[1], size[2]});
      },
      [&](Value columns) {
        return f(columns, {size[0], columns.shape()[columns.shape().rank() - 1]});
      });
}

Value adaptive_avg(Args& a, size_t axes) {
  return adapted(a[0], a.extents({1, "output_size"}, axes, -1), adaptive_avg_pool2d);
}

std::vector<Value> adaptive_max(Args& a, size_t axes) {
  const bool places = a.flag({2, "return_indices"}, false);
  Value at = numbered(a[0], axes);
  const Value y = adapted(a[0], a.extents({1, "output_size"}, axes, -1), [&](Value x, Pair size) {
    at = adaptive_max_pool2d_pick(x, reshape(at, x.shape()), size);
    return adaptive_max_pool2d(x, size);
  });
  if (!places) return {y};
  return {y, cast(reshape(at, y.shape()), DType::i32)};
}

// How often each place of the result is written.
std::vector<float> counted_writes(const std::vector<double>& places, int64_t inside, int64_t extent, int64_t planes) {
  std::vector<float> counts(static_cast<size_t>(planes * extent), 0);
  for (size_t i = 0; i < places.size(); ++i)
    ++counts.at(static_cast<size_t>(static_cast<int64_t>(i) / inside * extent + static_cast<int64_t>(places[i])));
  for (float& count : counts) count = std::max(count, 1.f);
  return counts;
}

// Each maximum at its place in a plane of zeros. Where windows overlap a place stands twice with one number, of which
// PyTorch keeps the last, and both have the place's gradient: the mean of what is written, differentiated as the sum.
Value unpool(Args& a, size_t axes) {
  const Axes size = a.list("output_size");
  for (const char* name : {"kernel_size", "stride", "padding"}) a.ignore(name);
  const Shape& s = a[0].shape();
  int64_t planes = 1, extent = 1, inside = 1;
  for (size_t i = 0; i + axes < s.rank(); ++i) planes *= s[i];
  for (size_t i = 0; i < axes; ++i) inside *= s[s.rank() - 1 - i], extent *= size[size.size() - 1 - i];
  const std::vector<float> counts = counted_writes(a.array(1).values, inside, extent, planes);
  const Value first = reshape(indices(a.graph(), integers(planes, 0, extent)), Shape{planes, 1});
  const Value at = reshape(reshape(a[1], Shape{planes, inside}) + first, Shape{planes * inside});
  const Value sums = scatter_add(reshape(a[0], Shape{planes * inside}), at, planes * extent);
  const Value y = stop_gradient(sums / a.graph().constant(sums.shape(), counts)) + (sums - stop_gradient(sums));
  Axes dims = dims_of(a[0]);
  for (size_t i = 0; i < axes; ++i) dims[dims.size() - axes + i] = size[size.size() - axes + i];
  return reshape(y, dims);
}

UpsampleMode mode_of(const std::string& word) {
  if (word == "nearest") return UpsampleMode::nearest;
  if (word == "nearest-exact") return UpsampleMode::nearest_exact;
  if (word == "bicubic") return UpsampleMode::bicubic;
  return word == "area" ? UpsampleMode::area : UpsampleMode::bilinear;
}

// To extents, or by factors; with `by_extents` the factors say the extents alone.
Value resized(Args& a, Where size, Where factor, bool by_extents, const UpsampleOptions& options) {
  const size_t axes = a[0].shape().rank() - 2;
  if (a.has(size)) {
    a.ignore(factor);
    return interpolate(a[0], a.extents(size, axes, 1), options);
  }
  if (!by_extents) return interpolate_by(a[0], std::vector<double>(axes, a.number(factor)), options);
  Axes extents;
  for (size_t i = 0; i < axes; ++i)
    extents.push_back(static_cast<int64_t>(std::floor(static_cast<double>(a[0].shape()[2 + i]) * a.number(factor))));
  return interpolate(a[0], extents, options);
}

Value interpolated(Args& a) {
  const UpsampleOptions options{.mode = mode_of(a.word({3, "mode"}, "nearest")),
                                .align_corners = a.flag({4, "align_corners"}, false)};
  const bool by_extents = a.flag({5, "recompute_scale_factor"}, false);
  return resized(a, {1, "size"}, {2, "scale_factor"}, by_extents, options);
}

// The older names, by their own argument lists.
Value upsampled(Args& a, UpsampleMode mode) {
  const UpsampleOptions options{.mode = mode, .align_corners = mode == UpsampleMode::bilinear};
  return resized(a, {1, "size"}, {2, "scale_factor"}, false, options);
}

// The word of an option among those of its enumeration.
template <typename Option>
Option option_of(const std::string& word) {
  const auto words = words_of(Option{});
  return static_cast<Option>(std::ranges::find(words, word) - words.begin());
}

Value grid_sampled(Args& a) {
  return grid_sample(a[0], a[1],
                     {.mode = option_of<GridMode>(a.word({2, "mode"}, "bilinear")),
                      .padding = option_of<GridPadding>(a.word({3, "padding_mode"}, "zeros")),
                      .align_corners = a.flag({4, "align_corners"}, false)});
}

}  // namespace

void add_pooling(Table& t) {
  const auto by_axes = [&](const std::string& name, auto f, Tolerance results) {
    for (size_t axes : {1, 2, 3})
      t.add(
          "nn.functional." + name + std::to_string(axes) + 'd', [f, axes](Args& a) { return f(a, axes); }, results);
  };
  by_axes("max_pool", max_pool, kExact);
  by_axes("avg_pool", avg_pool, kCourt);
  by_axes("adaptive_avg_pool", adaptive_avg, kCourt);
  by_axes("adaptive_max_pool", adaptive_max, kExact);
  for (size_t axes : {1, 2, 3})
    for (const char* suffix : {"d", "d.grad"})
      t.add(
          "nn.functional.max_unpool" + std::to_string(axes) + suffix, [axes](Args& a) { return unpool(a, axes); },
          kRounding, kExact);
  for (const char* name : {"fractional_max_pool2d", "fractional_max_pool3d"})
    t.none(std::string("nn.functional.") + name, "random numbers of PyTorch's generator");
  for (const char* mode : {"nearest", "nearest-exact", "linear", "bilinear", "bicubic", "trilinear", "area"})
    t.add(std::string("nn.functional.interpolate.") + mode, interpolated);
  t.add("nn.functional.grid_sample", grid_sampled);
  t.add("nn.functional.upsample_nearest", [](Args& a) { return upsampled(a, UpsampleMode::nearest); });
  t.add("nn.functional.upsample_bilinear", [](Args& a) { return upsampled(a, UpsampleMode::bilinear); });
}

}  // namespace lemnos::judges
