// Convolutions, and patches of planes.

#include <algorithm>
#include <array>
#include <string>

#include "judges/helpers.h"
#include "judges/tables.h"

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

std::array<int64_t, 3> triple_of(Args& a, Where where, int64_t otherwise) {
  const Axes numbers = a.extents(where, 3, otherwise);
  return {numbers[0], numbers[1], numbers[2]};
}

Value volumes(Args& a) {
  const Batched batch(a[0], 3);
  const Value w = a.tensor({1, "weight"}), bias = a.tensor_or_none({2, "bias"});
  Conv3dOptions options{.stride = triple_of(a, {3, "stride"}, 1),
                        .padding = {0, 0, 0},
                        .dilation = triple_of(a, {5, "dilation"}, 1),
                        .groups = a.integer({6, "groups"}, 1)};
  const Where padding{4, "padding"};
  if (!a.has(padding) || !a.json(padding).is_string()) {
    options.padding = triple_of(a, padding, 0);
    return batch.back(conv3d(batch.x, w, bias, options));
  }
  Axes before(5, 0), after(5, 0);
  for (size_t i = 0; i < 3 && a.word(padding) == "same"; ++i) {
    const int64_t whole = options.dilation[i] * (w.shape()[2 + i] - 1);
    before[2 + i] = whole / 2;
    after[2 + i] = whole - whole / 2;
  }
  return batch.back(conv3d(pad(batch.x, before, after), w, bias, options));
}

Value transposed_volumes(Args& a) {
  const Batched batch(a[0], 3);
  return batch.back(conv_transpose3d(batch.x, a.tensor({1, "weight"}), a.tensor_or_none({2, "bias"}),
                                     {.stride = triple_of(a, {3, "stride"}, 1),
                                      .padding = triple_of(a, {4, "padding"}, 0),
                                      .output_padding = triple_of(a, {5, "output_padding"}, 0),
                                      .dilation = triple_of(a, {7, "dilation"}, 1),
                                      .groups = a.integer({6, "groups"}, 1)}));
}

}  // namespace

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
  sums("conv_transpose3d", transposed_volumes);
  t.add("nn.functional.unfold", patches, kExact);
}

}  // namespace lemnos::judges
