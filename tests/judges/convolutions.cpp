// Convolutions, and patches of planes.

#include <algorithm>
#include <array>
#include <string>

#include "judges/helpers.h"
#include "judges/tables.h"
#include "judges/windows.h"

namespace lemnos::judges {

namespace {

using Pair = std::array<int64_t, 2>;

// x[C, ..] as a batch of one, and back.
struct Batched {
  Value x;
  bool alone = false;

  Batched(Value given, size_t axes) : x(given), alone(given.shape().rank() == axes + 1) {
    if (alone) x = unsqueeze(given, 0);
  }
  Value back(Value y) const { return alone ? squeeze(y, 0) : y; }
};

// One or two numbers along `axes` axes, as a pair whose first stays `otherwise` where there is one axis.
Pair pair_of(Args& a, Where where, size_t axes, int64_t otherwise) {
  const Axes numbers = a.extents(where, axes, otherwise);
  return axes == 1 ? Pair{otherwise, numbers[0]} : Pair{numbers[0], numbers[1]};
}

// Planes of one row, for what has one axis.
Value plane_convolutions(Value x, size_t axes) { return axes == 1 ? unsqueeze(x, 2) : x; }
Value row_convolutions(Value y, size_t axes) { return axes == 1 ? squeeze(y, 2) : y; }

Value convolution(Args& a, size_t axes) {
  const Batched batch(a[0], axes);
  Value x = plane_convolutions(batch.x, axes);
  const Value w = plane_convolutions(a.tensor({1, "weight"}), axes), bias = a.tensor_or_none({2, "bias"});
  Conv2dOptions options{.stride = pair_of(a, {3, "stride"}, axes, 1),
                        .padding = {0, 0},
                        .dilation = pair_of(a, {5, "dilation"}, axes, 1),
                        .groups = a.integer({6, "groups"}, 1)};
  const Where padding{4, "padding"};
  if (!a.has(padding) || !a.json(padding).is_string()) {
    options.padding = pair_of(a, padding, axes, 0);
  } else if (a.word(padding) == "same") {
    const int64_t h = options.dilation[0] * (w.shape()[2] - 1), v = options.dilation[1] * (w.shape()[3] - 1);
    x = pad(x, {0, 0, h / 2, v / 2}, {0, 0, h - h / 2, v - v / 2});
  }
  return batch.back(row_convolutions(conv2d(x, w, bias, options), axes));
}

// With as much output padding as the stride and more, which PyTorch allows up to the dilation: the whole of what the
// taps reach, from `padding` on, with zeros where they reach nothing.
Value cut_out(Value x, Value w, Value bias, const ConvTranspose2dOptions& o) {
  const Value whole = conv_transpose2d(x, w, {}, {.stride = o.stride, .dilation = o.dilation, .groups = o.groups});
  Axes begin(4, 0), end = dims_of(whole), after(4, 0);
  for (size_t i = 0; i < 2; ++i) {
    begin[2 + i] = o.padding[i];
    after[2 + i] = std::max<int64_t>(0, o.output_padding[i] - o.padding[i]);
    end[2 + i] -= std::max<int64_t>(0, o.padding[i] - o.output_padding[i]);
  }
  const Value y = pad(slice(whole, begin, end), Axes(4, 0), after);
  return bias ? y + reshape(bias, Axes{bias.shape()[0], 1, 1}) : y;
}

Value transposed(Args& a, size_t axes) {
  const Batched batch(a[0], axes);
  const Value w = plane_convolutions(a.tensor({1, "weight"}), axes), bias = a.tensor_or_none({2, "bias"});
  const ConvTranspose2dOptions options{.stride = pair_of(a, {3, "stride"}, axes, 1),
                                       .padding = pair_of(a, {4, "padding"}, axes, 0),
                                       .output_padding = pair_of(a, {5, "output_padding"}, axes, 0),
                                       .dilation = pair_of(a, {7, "dilation"}, axes, 1),
                                       .groups = a.integer({6, "groups"}, 1)};
  const Value x = plane_convolutions(batch.x, axes);
  const bool beyond = options.output_padding[0] >= options.stride[0] || options.output_padding[1] >= options.stride[1];
  return batch.back(
      row_convolutions(beyond ? cut_out(x, w, bias, options) : conv_transpose2d(x, w, bias, options), axes));
}

// The patches of x[N, C, H, W] as columns [N, C KH KW, L]: the windows' places along each axis, one after the other.
Value patches(Args& a) {
  const Pair kernel = pair_of(a, {1, "kernel_size"}, 2, 1), dilation = pair_of(a, {2, "dilation"}, 2, 1);
  const Pair padding = pair_of(a, {3, "padding"}, 2, 0), stride = pair_of(a, {4, "stride"}, 2, 1);
  Value x = pad(a[0], {0, 0, padding[0], padding[1]}, {0, 0, padding[0], padding[1]});
  Pair count{};
  for (size_t i = 0; i < 2; ++i) {
    Axes places;
    count[i] = (x.shape()[2 + i] - dilation[i] * (kernel[i] - 1) - 1) / stride[i] + 1;
    for (int64_t k = 0; k < kernel[i]; ++k)
      for (int64_t o = 0; o < count[i]; ++o) places.push_back(o * stride[i] + k * dilation[i]);
    x = pick(x, static_cast<int64_t>(2 + i), places);
  }
  const int64_t n = x.shape()[0], c = x.shape()[1];
  x = permute(reshape(x, Shape{n, c, kernel[0], count[0], kernel[1], count[1]}), {0, 1, 2, 4, 3, 5});
  return reshape(x, Shape{n, c * kernel[0] * kernel[1], count[0] * count[1]});
}

Value volumes(Args& a) {
  const Batched batch(a[0], 3);
  const Value w = a.tensor({1, "weight"}), bias = a.tensor_or_none({2, "bias"});
  const Axes stride = a.extents({3, "stride"}, 3, 1), dilation = a.extents({5, "dilation"}, 3, 1);
  const Where padding{4, "padding"};
  Axes before(3, 0), after(3, 0);
  if (a.has(padding) && !a.json(padding).is_string()) before = after = a.extents(padding, 3, 0);
  for (size_t i = 0; i < 3 && a.has(padding) && a.json(padding) == "same"; ++i) {
    const int64_t whole = dilation[i] * (w.shape()[2 + i] - 1);
    before[i] = whole / 2;
    after[i] = whole - whole / 2;
  }
  const Value x = pad(batch.x, {0, 0, before[0], before[1], before[2]}, {0, 0, after[0], after[1], after[2]});
  return batch.back(volume_convolution(x, w, bias, stride, dilation, a.integer({6, "groups"}, 1)));
}

}  // namespace

Value volume_convolution(Value x, Value w, Value bias, const Axes& stride, const Axes& dilation, int64_t groups) {
  const Conv2dOptions options{
      .stride = {stride[1], stride[2]}, .dilation = {dilation[1], dilation[2]}, .groups = groups};
  const int64_t n = x.shape()[0], taps = w.shape()[2];
  const int64_t depth = (x.shape()[2] - dilation[0] * (taps - 1) - 1) / stride[0] + 1;
  Value y;
  for (int64_t k = 0; k < taps; ++k) {
    const Value met = permute(pick(x, 2, integers(depth, k * dilation[0], stride[0])), {0, 2, 1, 3, 4});
    const Value planes = reshape(met, Shape{n * depth, x.shape()[1], x.shape()[3], x.shape()[4]});
    const Value part = conv2d(planes, squeeze(slice_axis(w, 2, k, k + 1), 2), k == 0 ? bias : Value(), options);
    y = y ? y + part : part;
  }
  const Shape& s = y.shape();
  return permute(reshape(y, Shape{n, depth, s[1], s[2], s[3]}), {0, 2, 1, 3, 4});
}

// Sums of products are held to their largest element, as in linear.cpp.
void add_convolutions(Table& t) {
  const auto sums = [&](const char* name, auto f) {
    t.add(std::string("nn.functional.") + name, f, kCancelling, kCancelling);
  };
  sums("conv1d", [](Args& a) { return convolution(a, 1); });
  sums("conv2d", [](Args& a) { return convolution(a, 2); });
  sums("conv3d", volumes);
  sums("conv_transpose1d", [](Args& a) { return transposed(a, 1); });
  sums("conv_transpose2d", [](Args& a) { return transposed(a, 2); });
  t.add("nn.functional.unfold", patches, kExact);
}

}  // namespace lemnos::judges
