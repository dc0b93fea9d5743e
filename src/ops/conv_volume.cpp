// conv3d and conv_transpose3d by one convolution of planes: the taps along the depth are channels. What a depth of the
// result meets is gathered, where its places before and behind the volume are rows that are not there, so zeros.

#include <algorithm>
#include <array>

#include "base/text.h"
#include "lemnos/ops.h"
#include "ops/constants.h"

namespace lemnos {

namespace {

void require_volumes(const char* who, Value x, Value weight) {
  require(x.shape().rank() == 5 && weight.shape().rank() == 5, ErrorCode::shape_mismatch, who, ": x ", x.desc(),
          " and weight ", weight.desc(), " take five axes each");
}

template <typename Options>
void require_steps(const char* who, const Options& o) {
  require(o.stride[0] >= 1 && o.dilation[0] >= 1 && o.padding[0] >= 0, ErrorCode::invalid_argument, who, ": stride ",
          o.stride[0], ", dilation ", o.dilation[0], " and padding ", o.padding[0],
          " along the depth, at least 1, 1 and 0");
}

std::array<int64_t, 2> planar(const std::array<int64_t, 3>& v) { return {v[1], v[2]}; }

}  // namespace

Value conv3d(Value x, Value weight, Value bias, Conv3dOptions o) {
  const char* who = "conv3d";
  require_volumes(who, x, weight);
  require_steps(who, o);
  const Shape &s = x.shape(), &w = weight.shape();
  const int64_t depth = (s[2] + 2 * o.padding[0] - o.dilation[0] * (w[2] - 1) - 1) / o.stride[0] + 1;
  require(s[2] + 2 * o.padding[0] > o.dilation[0] * (w[2] - 1) && w[2] >= 1, ErrorCode::shape_mismatch, who,
          ": the depth of weight ", weight.desc(), " does not fit into x ", x.desc(), " with padding ", o.padding[0]);
  require(s[1] == w[1] * o.groups, ErrorCode::shape_mismatch, who, ": x ", x.desc(), " in ", o.groups,
          " groups takes a weight of ", s[1] / std::max<int64_t>(o.groups, 1), " channels, it is ", weight.desc());
  std::vector<int32_t> places;
  for (int64_t i = 0; i < depth; ++i)
    for (int64_t k = 0; k < w[2]; ++k) {
      const int64_t place = i * o.stride[0] - o.padding[0] + k * o.dilation[0];
      places.push_back(static_cast<int32_t>(place < s[2] ? place : -1));
    }
  const Value met = gather(permute(x, {2, 0, 1, 3, 4}), ops::whole_numbers(x.graph(), Shape{depth, w[2]}, places));
  const Value planes = reshape(permute(met, {2, 0, 3, 1, 4, 5}), Shape{s[0] * depth, s[1] * w[2], s[3], s[4]});
  const Value y = conv2d(
      planes, reshape(weight, Shape{w[0], w[1] * w[2], w[3], w[4]}), bias,
      {.stride = planar(o.stride), .padding = planar(o.padding), .dilation = planar(o.dilation), .groups = o.groups});
  const Shape& made = y.shape();
  return permute(reshape(y, Shape{s[0], depth, made[1], made[2], made[3]}), {0, 2, 1, 3, 4});
}

Value conv_transpose3d(Value x, Value weight, Value bias, ConvTranspose3dOptions o) {
  const char* who = "conv_transpose3d";
  require_volumes(who, x, weight);
  require_steps(who, o);
  const Shape &s = x.shape(), &w = weight.shape();
  require(o.output_padding[0] >= 0 && (o.output_padding[0] < o.stride[0] || o.output_padding[0] < o.dilation[0]),
          ErrorCode::invalid_argument, who, ": output padding ", o.output_padding[0],
          " must be smaller than the stride ", o.stride[0], " or the dilation ", o.dilation[0]);
  const int64_t depth =
      (s[2] - 1) * o.stride[0] - 2 * o.padding[0] + o.dilation[0] * (w[2] - 1) + 1 + o.output_padding[0];
  require(depth >= 1 && s[2] >= 1, ErrorCode::shape_mismatch, who, ": x ", x.desc(), " under weight ", weight.desc(),
          " leaves a depth of ", depth);
  // Each plane under each depth of the taps: channels [O, KD].
  const Value planes = reshape(permute(x, {0, 2, 1, 3, 4}), Shape{s[0] * s[2], s[1], s[3], s[4]});
  const Value made = conv_transpose2d(planes, reshape(weight, Shape{w[0], w[1] * w[2], w[3], w[4]}), {},
                                      {.stride = planar(o.stride),
                                       .padding = planar(o.padding),
                                       .output_padding = planar(o.output_padding),
                                       .dilation = planar(o.dilation),
                                       .groups = o.groups});
  const int64_t channels = w[1] * o.groups, height = made.shape()[2], width = made.shape()[3];
  const Value rows = permute(reshape(made, Shape{s[0], s[2], channels, w[2], height, width}), {1, 3, 0, 2, 4, 5});
  // Depth i of the result is the sum of tap k over plane (i + padding - k dilation) / stride, where that is one.
  std::vector<int32_t> places;
  for (int64_t i = 0; i < depth; ++i)
    for (int64_t k = 0; k < w[2]; ++k) {
      const int64_t at = i + o.padding[0] - k * o.dilation[0], plane = at / o.stride[0];
      const bool is_one = at >= 0 && at % o.stride[0] == 0 && plane < s[2];
      places.push_back(static_cast<int32_t>(is_one ? plane * w[2] + k : -1));
    }
  const Value flat = reshape(rows, Shape{s[2] * w[2], s[0] * channels * height * width});
  const Value y = sum(gather(flat, ops::whole_numbers(x.graph(), Shape{depth, w[2]}, places)), {1});
  const Value volumes = permute(reshape(y, Shape{depth, s[0], channels, height, width}), {1, 2, 0, 3, 4});
  if (!bias) return volumes;
  require(bias.shape() == Shape{channels}, ErrorCode::shape_mismatch, who, ": bias ", bias.desc(), " for ", channels,
          " channels");
  return volumes + reshape(bias, Shape{channels, 1, 1, 1});
}

}  // namespace lemnos
