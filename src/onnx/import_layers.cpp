// Convolutions, pools and norms.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "base/text.h"
#include "lemnos/ops.h"
#include "onnx/import.h"

namespace lemnos::onnx {

namespace {

using Two = std::array<int64_t, 2>;

// The windows of a convolution or a pool over a line or a plane; a line is a plane of height 1.
struct Windows {
  bool is_line = false;
  Two kernel{1, 1}, stride{1, 1}, dilation{1, 1}, before{0, 0}, after{0, 0};
};

Windows windows_of(ImportCall& c, Value x, const Axes& kernel) {
  const size_t axes = x.shape().rank() < 3 ? 0 : x.shape().rank() - 2;
  require(axes == 1 || axes == 2, ErrorCode::unsupported, "x is ", x.desc(),
          ", here are lines [N, C, L] and planes [N, C, H, W]");
  require(kernel.size() == axes, ErrorCode::corrupt_data, "a window of ", kernel.size(), " axes over ", axes);
  Windows w{.is_line = axes == 1};
  const Axes strides = c.list("strides", Axes(axes, 1)), dilations = c.list("dilations", Axes(axes, 1)),
             pads = c.list("pads", Axes(2 * axes, 0));
  require(strides.size() == axes && dilations.size() == axes && pads.size() == 2 * axes, ErrorCode::corrupt_data,
          strides.size(), " strides, ", dilations.size(), " dilations and ", pads.size(), " pads for ", axes, " axes");
  const std::string how = c.word("auto_pad", "NOTSET");
  for (size_t i = 0; i < axes; ++i) {
    const size_t at = i + (w.is_line ? 1 : 0);
    w.kernel[at] = kernel[i];
    w.stride[at] = strides[i];
    w.dilation[at] = dilations[i];
    require(strides[i] >= 1 && dilations[i] >= 1 && kernel[i] >= 1, ErrorCode::corrupt_data, "a window of ", kernel[i],
            " in steps of ", strides[i], ", dilated by ", dilations[i]);
    w.before[at] = pads[i];
    w.after[at] = pads[i + axes];
    if (!how.starts_with("SAME")) continue;
    const int64_t extent = x.shape()[2 + i], made = (extent + strides[i] - 1) / strides[i];
    const int64_t whole = std::max<int64_t>(0, (made - 1) * strides[i] + dilations[i] * (kernel[i] - 1) + 1 - extent);
    w.before[at] = how == "SAME_UPPER" ? whole / 2 : whole - whole / 2;
    w.after[at] = whole - w.before[at];
  }
  return w;
}

Value as_plane(Value x) { return reshape(x, Shape{x.shape()[0], x.shape()[1], 1, x.shape()[2]}); }
Value as_line(Value y) { return reshape(y, Shape{y.shape()[0], y.shape()[1], y.shape()[3]}); }
Axes trailing_dims(const Shape& shape) { return shape.rank() < 2 ? Axes() : Axes(shape.begin() + 2, shape.end()); }

// A border that is not alike on both sides is made of elements.
Value bordered(Value x, Windows& w, float value) {
  if (w.before == w.after) return x;
  x = pad(x, {0, 0, w.before[0], w.before[1]}, {0, 0, w.after[0], w.after[1]}, value);
  w.before = w.after = {0, 0};
  return x;
}

std::vector<Value> conv_row(ImportCall& c) {
  Value x = c.real(0), weight = c.real(1);
  Windows w = windows_of(c, x, c.list("kernel_shape", trailing_dims(weight.shape())));
  if (w.is_line) x = as_plane(x), weight = as_plane(weight);
  x = bordered(x, w, 0);
  const Value bias = c.has(2) ? c.real(2) : Value();
  const Value y =
      conv2d(x, weight, bias,
             {.stride = w.stride, .padding = w.before, .dilation = w.dilation, .groups = c.integer("group", 1)});
  return {w.is_line ? as_line(y) : y};
}

std::vector<Value> conv_transpose_row(ImportCall& c) {
  Value x = c.real(0), weight = c.real(1);
  const Windows w = windows_of(c, x, c.list("kernel_shape", trailing_dims(weight.shape())));
  Axes more = c.list("output_padding", Axes(w.is_line ? 1 : 2, 0));
  if (w.is_line) more.insert(more.begin(), 0);
  if (c.has("output_shape") || w.before != w.after || more.size() != 2 || c.word("auto_pad", "NOTSET") != "NOTSET")
    c.refuse("a transposed convolution by its output's shape, or padded by another number before than after");
  if (w.is_line) x = as_plane(x), weight = as_plane(weight);
  const Value y = conv_transpose2d(x, weight, c.has(2) ? c.real(2) : Value(),
                                   {.stride = w.stride,
                                    .padding = w.before,
                                    .output_padding = {more[0], more[1]},
                                    .dilation = w.dilation,
                                    .groups = c.integer("group", 1)});
  return {w.is_line ? as_line(y) : y};
}

std::vector<Value> pool_row(ImportCall& c) {
  const bool averages = c.op() == "AveragePool";
  Value x = c.real(0);
  Windows w = windows_of(c, x, c.list("kernel_shape", Axes()));
  const bool counts = c.integer("count_include_pad", 0) != 0;
  if (c.integer("storage_order", 0) || c.wants(1)) c.refuse("the places of maxima");
  if (w.is_line) x = as_plane(x);
  if (averages && w.before != w.after && !counts) c.refuse("averages without padding that is not alike on both sides");
  x = bordered(x, w, averages ? 0 : -std::numeric_limits<float>::infinity());
  const Pool2dOptions options{.kernel = w.kernel,
                              .stride = w.stride,
                              .padding = w.before,
                              .dilation = w.dilation,
                              .ceil = c.integer("ceil_mode", 0) != 0,
                              .count_include_pad = counts};
  const Value y = averages ? avg_pool2d(x, options) : max_pool2d(x, options);
  return {w.is_line ? as_line(y) : y};
}

// Of each channel, whatever its axes; they stay as extents of 1.
template <Value (*f)(Value, Axes, bool)>
std::vector<Value> global_row(ImportCall& c) {
  const Value x = c.real(0);
  Axes axes;
  for (size_t i = 2; i < x.shape().rank(); ++i) axes.push_back(static_cast<int64_t>(i));
  return {axes.empty() ? x : f(x, axes, true)};
}

// As nn::BatchNorm: by the batch while training, and the running statistics follow.
std::vector<Value> batch_norm_row(ImportCall& c) {
  const nn::Scope& scope = c.importer().scope();
  const Value x = c.real(0), gamma = c.real(1), beta = c.real(2);
  const float eps = c.real("epsilon", 1e-5f), kept = c.real("momentum", .9f);
  for (const char* name : {"training_mode", "spatial", "is_test", "consumed_inputs"}) (void)c.has(name);
  for (size_t i = 1; i < c.results(); ++i)
    if (c.wants(i)) c.refuse("the statistics of a BatchNormalization");
  const Value mean = c.importer().statistic(c.name(3)), variance = c.importer().statistic(c.name(4));
  if (!scope.training()) return {batch_norm_eval(x, gamma, beta, mean, variance, eps)};
  const BatchNormed batch = batch_norm(x, gamma, beta, eps, scope.counted_rows(x));
  if (scope.updates)
    scope.updates->push_back(
        update_running_statistics(mean, variance, batch, x.desc().elements() / x.shape()[1], 1 - kept)[0]);
  return {batch.y};
}

std::vector<Value> layer_norm_row(ImportCall& c) {
  const Value x = c.real(0);
  (void)c.has("stash_type");
  const auto rank = static_cast<int64_t>(x.shape().rank());
  const int64_t axes = rank - front_axis(c, c.integer("axis", -1), x.shape().rank());
  return {layer_norm(x, c.real(1), c.has(2) ? c.real(2) : Value(), {.axes = axes, .eps = c.real("epsilon", 1e-5f)})};
}
std::vector<Value> instance_norm_row(ImportCall& c) {
  return {instance_norm(c.real(0), c.real(1), c.real(2), c.real("epsilon", 1e-5f))};
}
std::vector<Value> group_norm_row(ImportCall& c) {
  (void)c.has("stash_type");
  if (c.version() < 21) c.refuse("before operator set 21 it has a factor for each group");
  return {group_norm(c.real(0), c.integer("num_groups", 1), c.real(1), c.real(2), c.real("epsilon", 1e-5f))};
}

// Planes to other extents, as upsample() has it: nearest by rounding down, linear between half pixels or corners.
std::vector<Value> resize_row(ImportCall& c) {
  const Value x = c.real(0);
  require(x.shape().rank() == 4, ErrorCode::unsupported, "x is ", x.desc(), ", here are planes [N, C, H, W]");
  const std::string mode = c.word("mode", "nearest"), places = c.word("coordinate_transformation_mode", "half_pixel"),
                    rounding = c.word("nearest_mode", "round_prefer_floor");
  for (const char* name : {"cubic_coeff_a", "exclude_outside", "extrapolation_value"}) (void)c.has(name);
  Axes size;
  const bool by_size = c.has(3);
  const Axes sizes = by_size ? c.list(3) : Axes();
  const Tensor* scales = by_size ? nullptr : &c.tensor(c.count() > 2 ? 2 : 1);
  require(by_size ? sizes.size() == 4 : scales->values.size() == 4, ErrorCode::unsupported,
          "it takes four sizes or scales");
  for (size_t i = 0; i < 4; ++i) {
    const int64_t extent = x.shape()[i];
    size.push_back(by_size ? sizes[i]
                           : static_cast<int64_t>(std::floor(static_cast<double>(extent) * scales->values[i])));
    require(i >= 2 || size[i] == extent, ErrorCode::unsupported, "another extent of axis ", i);
  }
  const bool whole = size[2] % x.shape()[2] == 0 && size[3] % x.shape()[3] == 0;
  const bool nearest = mode == "nearest" && ((places == "asymmetric" && rounding == "floor") ||
                                             (whole && places == "half_pixel" && rounding == "round_prefer_floor"));
  const bool linear =
      mode == "linear" && (places == "half_pixel" || places == "align_corners" || places == "pytorch_half_pixel");
  if (!nearest && !linear) c.refuse("mode " + mode + " with places " + places + " and rounding " + rounding);
  return {upsample(
      x, {size[2], size[3]},
      {.mode = linear ? UpsampleMode::bilinear : UpsampleMode::nearest, .align_corners = places == "align_corners"})};
}

}  // namespace

void add_import_layers(ImportTable& t) {
  t["Conv"] = conv_row;
  t["ConvTranspose"] = conv_transpose_row;
  t["MaxPool"] = pool_row;
  t["AveragePool"] = pool_row;
  t["GlobalAveragePool"] = global_row<mean>;
  t["GlobalMaxPool"] = global_row<reduce_max>;
  t["BatchNormalization"] = batch_norm_row;
  t["LayerNormalization"] = layer_norm_row;
  t["InstanceNormalization"] = instance_norm_row;
  t["GroupNormalization"] = group_norm_row;
  t["Resize"] = resize_row;
}

}  // namespace lemnos::onnx
