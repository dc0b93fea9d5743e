// Convolutions and pools of lines, planes and volumes.

#include <algorithm>
#include <cstddef>
#include <limits>

#include "judges/onnx/spans.h"
#include "judges/onnx/table.h"
#include "judges/places.h"
#include "judges/windows.h"

namespace lemnos::judges::onnx {

namespace {

Axes last_of(const Shape& shape, size_t from) { return {shape.begin() + from, shape.end()}; }

Value convolution_row(Call& c) {
  const Value w = c[1];
  const Axes kernel = c.list("kernel_shape", last_of(w.shape(), 2));
  return convolved(c[0], w, c.value_or_none(2), spans_of(c, c[0], kernel), c.integer("group", 1));
}

// Of the whole of what the taps reach, what `output_shape` or the pads leave; beyond its end stand zeros.
struct Cut {
  Axes before, after, more;
};
Cut cut_of(Call& c, const Spans& s, Value x) {
  const size_t axes = s.axes();
  Cut cut{s.before, s.after, c.list("output_padding", Axes(axes, 0))};
  const std::string how = c.word("auto_pad", "NOTSET");
  const bool same = how.starts_with("SAME");
  if (!c.has("output_shape") && !same) return cut;
  const Axes wanted = c.list("output_shape", {});
  for (size_t i = 0; i < axes; ++i) {
    const int64_t extent = x.shape()[2 + i], size = same ? extent * s.stride[i] : wanted[i];
    const int64_t spare = (extent - 1) * s.stride[i] + s.reach(i) + cut.more[i] - size;
    cut.more[i] += std::max<int64_t>(0, -spare);
    const int64_t whole = std::max<int64_t>(0, spare);
    cut.before[i] = how == "SAME_UPPER" ? whole / 2 : whole - whole / 2;
    cut.after[i] = whole - cut.before[i];
  }
  return cut;
}

Value transposed_volumes(Value x, Value w, Value bias, const Spans& s, const Cut& cut, int64_t groups) {
  express_if(cut.before == cut.after, "a conv_transpose3d cut by more on one side");
  ConvTranspose3dOptions options{.groups = groups};
  std::ranges::copy(s.stride, options.stride.begin());
  std::ranges::copy(s.dilation, options.dilation.begin());
  std::ranges::copy(cut.before, options.padding.begin());
  std::ranges::copy(cut.more, options.output_padding.begin());
  return conv_transpose3d(x, w, bias, options);
}

Value transposed_row(Call& c) {
  Value x = c[0], w = c[1];
  const Value bias = c.value_or_none(2);
  Spans s = spans_of(c, x, c.list("kernel_shape", last_of(w.shape(), 2)));
  Cut cut = cut_of(c, s, x);
  const int64_t groups = c.integer("group", 1);
  if (s.axes() == 3) return transposed_volumes(x, w, bias, s, cut, groups);
  const bool line = s.axes() == 1;
  for (Axes* numbers : {&s.stride, &s.dilation})
    if (line) numbers->insert(numbers->begin(), 1);
  for (Axes* numbers : {&cut.before, &cut.after, &cut.more})
    if (line) numbers->insert(numbers->begin(), 0);
  if (line) x = unsqueeze(x, 2), w = unsqueeze(w, 2);
  ConvTranspose2dOptions options{
      .stride = {s.stride[0], s.stride[1]}, .dilation = {s.dilation[0], s.dilation[1]}, .groups = groups};
  const bool plain = cut.before == cut.after && cut.more[0] < s.stride[0] && cut.more[1] < s.stride[1];
  if (plain) {
    options.padding = {cut.before[0], cut.before[1]};
    options.output_padding = {cut.more[0], cut.more[1]};
    const Value y = conv_transpose2d(x, w, bias, options);
    return line ? squeeze(y, 2) : y;
  }
  Value y = bordered(conv_transpose2d(x, w, {}, options), {0, 0}, cut.more);
  Axes begin(4, 0), end = dims_of(y);
  for (size_t i = 0; i < 2; ++i) begin[2 + i] = cut.before[i], end[2 + i] -= cut.after[i];
  y = slice(y, begin, end);
  if (bias) y = y + reshape(bias, Axes{bias.shape()[0], 1, 1});
  return line ? squeeze(y, 2) : y;
}

// Whether the pools of Lemnos take that border as padding: the same on both sides, and at most half of the window. Else
// it is made of elements.
bool is_padding(const Spans& s) {
  bool taken = s.even();
  for (size_t i = 0; i < s.axes(); ++i) taken = taken && 2 * s.before[i] <= s.kernel[i];
  return taken;
}

Windows windows_from(const Spans& s, bool ceil) {
  return {s.kernel, s.stride, is_padding(s) ? s.before : Axes(s.axes(), 0), s.dilation, ceil, true};
}

// How much more there must be behind the border for a last window that begins before its end.
Axes reached_beyond(const Spans& s, Value x, bool ceil) {
  Axes more(s.axes(), 0);
  for (size_t i = 0; ceil && i < s.axes(); ++i) {
    const int64_t extent = x.shape()[2 + i] + s.before[i], rest = (extent + s.after[i] - s.reach(i)) % s.stride[i];
    const bool begins = extent + s.after[i] - s.reach(i) - rest + s.stride[i] < extent;
    if (rest && begins) more[i] = s.stride[i] - rest;
  }
  return more;
}

// The sums of windows that lie apart, which avg_pool2d does not take: a convolution with ones, for each channel.
Value dilated_sums(Value x, Spans s, const Axes& more) {
  for (size_t i = 0; i < s.axes(); ++i) s.after[i] += more[i];
  const Shape& shape = x.shape();
  Axes dims = dims_of(x), ones_dims = s.kernel;
  dims[0] *= dims[1];
  dims[1] = 1;
  ones_dims.insert(ones_dims.begin(), 2, 1);
  const Value sums = convolved(reshape(x, dims), ones(x.graph(), Shape(ones_dims)), {}, s, 1);
  dims = dims_of(sums);
  dims[0] = shape[0];
  dims[1] = shape[1];
  return reshape(sums, dims);
}

bool is_dilated(const Spans& s) { return s.dilation != Axes(s.axes(), 1); }

// The number of each element of the whole tensor; `columns`: planes are counted column by column.
Value numbers_like(Value x, bool columns) {
  Axes dims = dims_of(x);
  if (!columns) return numbered(x, dims.size());
  std::swap(dims[dims.size() - 1], dims[dims.size() - 2]);
  Axes order = integers(static_cast<int64_t>(dims.size()));
  std::swap(order[dims.size() - 1], order[dims.size() - 2]);
  return as_real(permute(reshape(range(x.graph(), 0, x.shape().elements()), dims), order));
}

std::vector<Value> max_pool_row(Call& c) {
  const Value given = c[0];
  const Spans s = spans_of(c, given, c.list("kernel_shape", {}));
  const Windows w = windows_from(s, c.flag("ceil_mode", false));
  const bool columns = c.integer("storage_order", 0) == 1;
  Value x = as_real(given), at = numbers_like(given, columns);
  if (!is_padding(s)) {
    x = bordered(x, s.before, s.after, -std::numeric_limits<float>::infinity());
    at = bordered(at, s.before, s.after);
  }
  const Value y = pooled(x, w, [&](Value planes, Pool2dOptions options) {
    at = max_pool2d_pick(planes, reshape(at, planes.shape()), options);
    return max_pool2d(planes, options);
  });
  const Value typed = y.dtype() == given.dtype() ? y : cast(y, given.dtype());
  return {typed, as_whole(reshape(at, y.shape()))};
}

Value average_pool_row(Call& c) {
  const Spans s = spans_of(c, c[0], c.list("kernel_shape", {}));
  Windows w = windows_from(s, c.flag("ceil_mode", false));
  w.count_include_pad = c.flag("count_include_pad", false);
  if (is_dilated(s)) {  // with the padding, every window counts as whole
    const Axes more = reached_beyond(s, c[0], w.ceil);
    const Value sums = dilated_sums(c[0], s, more);
    if (w.count_include_pad) return sums / static_cast<float>(Shape(s.kernel).elements());
    return sums / dilated_sums(ones(c.graph(), c[0].shape()), s, more);
  }
  if (is_padding(s)) return pooled(c[0], w, avg_pool2d);
  const Value sums = pooled(bordered(c[0], s.before, s.after), w, avg_pool2d);
  if (w.count_include_pad) return sums;
  // The share of each window that lies in x.
  return sums / pooled(bordered(ones(c.graph(), c[0].shape()), s.before, s.after), w, avg_pool2d);
}

// (the window's extent times the mean of |x|^p)^(1/p)
Value power_pool_row(Call& c) {
  const Spans s = spans_of(c, c[0], c.list("kernel_shape", {}));
  const bool ceil = c.flag("ceil_mode", false);
  const Windows w{s.kernel, s.stride, Axes(s.axes(), 0), s.dilation, ceil, true};
  const auto p = static_cast<float>(c.integer("p", 2));
  float window = 1;
  for (int64_t extent : s.kernel) window *= static_cast<float>(extent);
  const Value powers = pow(abs(c[0]), c.graph().scalar(p));
  const Value sums = is_dilated(s) ? dilated_sums(powers, s, reached_beyond(s, powers, ceil))
                                   : window * pooled(bordered(powers, s.before, s.after), w, avg_pool2d);
  return pow(sums, c.graph().scalar(1 / p));
}

auto global_row(Value (*f)(Value, Axes, bool)) {
  return [f](Call& c) { return f(c[0], integers(static_cast<int64_t>(c[0].shape().rank()) - 2, 2), true); };
}

// Each element at its place in the tensor that the pool was made from, and zeros behind it up to `output_shape`.
Value unpooled_row(Call& c) {
  const Value x = c[0];
  const Axes kernel = c.list("kernel_shape", {});
  const Spans s = spans_of(c, x, kernel);
  Axes dims = dims_of(x);
  for (size_t i = 0; i < kernel.size(); ++i)
    dims[2 + i] = (dims[2 + i] - 1) * s.stride[i] + kernel[i] - s.before[i] - s.after[i];
  const Value y = reshape(scatter_add(flat(x), flat(c.whole(1)), Shape(dims).elements()), dims);
  Axes more = c.has(2) ? c.list(2) : dims;
  for (size_t i = 0; i < dims.size(); ++i) more[i] -= dims[i];
  return pad(y, Axes(dims.size(), 0), more);
}

// The place in the image of each element of the columns, -1 outside of it: windows and the elements in them, both
// counted row by row.
Axes column_places(const Spans& s, const Axes& image) {
  Axes counts, places;
  int64_t windows = 1, elements = 1;
  for (size_t i = 0; i < image.size(); ++i) {
    counts.push_back((image[i] + s.before[i] + s.after[i] - s.reach(i)) / s.stride[i] + 1);
    windows *= counts[i];
    elements *= s.kernel[i];
  }
  for (int64_t element = 0; element < elements; ++element) {
    for (int64_t window = 0; window < windows; ++window) {
      int64_t place = 0, scale = 1, k = element, o = window;
      bool inside = true;
      for (size_t i = image.size(); i-- > 0; k /= s.kernel[i], o /= counts[i]) {
        const int64_t at = o % counts[i] * s.stride[i] + k % s.kernel[i] * s.dilation[i] - s.before[i];
        inside = inside && at >= 0 && at < image[i];
        place += at * scale;
        scale *= image[i];
      }
      places.push_back(inside ? place : -1);
    }
  }
  return places;
}

// Columns [N, C K, L] back into images, where elements of several windows add up.
Value columns_to_image(Call& c) {
  const Axes image = c.list(1);
  const Spans s = spans_of(c, c[0], c.list(2));
  const Axes places = column_places(s, image);
  const int64_t n = c[0].shape()[0], size = static_cast<int64_t>(places.size());
  const int64_t planes = c[0].shape().elements() / size;
  const Value rows = permute(reshape(c[0], Shape{planes, size}), {1, 0});
  const Value y = permute(scatter_add(rows, indices(c.graph(), places), Shape(image).elements()), {1, 0});
  Axes dims = {n, planes / n};
  dims.insert(dims.end(), image.begin(), image.end());
  return reshape(y, dims);
}

}  // namespace

void add_windows(OpTable& t) {
  // Sums of products, held to their largest element.
  constexpr Tolerance kSums{1e-5, 1e-6, 4.8e-7};
  t.add("Conv", convolution_row, kSums);
  t.add("ConvTranspose", transposed_row, kSums);
  t.add("MaxPool", max_pool_row, kExact);
  t.add("AveragePool", average_pool_row);
  t.add("LpPool", power_pool_row);
  t.add("GlobalAveragePool", global_row(mean));
  t.add("GlobalMaxPool", global_row(reduce_max), kExact);
  t.add("MaxUnpool", unpooled_row, kExact);
  t.add("Col2Im", columns_to_image);
  t.none("DeformConv", "no op: deformable convolution");
  t.none("RoiAlign", "no op: regions of interest");
}

}  // namespace lemnos::judges::onnx
