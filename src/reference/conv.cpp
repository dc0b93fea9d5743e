// Convolution and its two gradients: every term weight[o, c, kh, kw] x[.., i, j] y[.., oi, oj] of the form is visited
// once, and goes to whichever of the three is wanted.
#include "reference/conv.h"

#include <algorithm>

namespace lemnos::reference {

namespace {

int64_t entry(const std::vector<int64_t>& given, size_t axis, int64_t otherwise) {
  return given.empty() ? otherwise : given[axis];
}

// Calls term(index of x, index of weight, index of y) for every product of a convolution over these shapes.
template <typename Term>
void each_term_conv(const Shape& x, const Shape& weight, const Shape& y, const ConvAttrs& attrs, Term term) {
  const int64_t stride_h = entry(attrs.stride, 0, 1), stride_w = entry(attrs.stride, 1, 1);
  const int64_t padding_h = entry(attrs.padding, 0, 0), padding_w = entry(attrs.padding, 1, 0);
  const int64_t dilation_h = entry(attrs.dilation, 0, 1), dilation_w = entry(attrs.dilation, 1, 1);
  const int64_t out_per_group = weight[0] / attrs.groups;
  for (int64_t n = 0; n < y[0]; ++n)
    for (int64_t o = 0; o < y[1]; ++o)
      for (int64_t oi = 0; oi < y[2]; ++oi)
        for (int64_t oj = 0; oj < y[3]; ++oj)
          for (int64_t c = 0; c < weight[1]; ++c)
            for (int64_t kh = 0; kh < weight[2]; ++kh)
              for (int64_t kw = 0; kw < weight[3]; ++kw) {
                const int64_t i = oi * stride_h - padding_h + kh * dilation_h;
                const int64_t j = oj * stride_w - padding_w + kw * dilation_w;
                if (i < 0 || i >= x[2] || j < 0 || j >= x[3]) continue;
                const int64_t channel = o / out_per_group * weight[1] + c;
                term(static_cast<size_t>(((n * x[1] + channel) * x[2] + i) * x[3] + j),
                     static_cast<size_t>(((o * weight[1] + c) * weight[2] + kh) * weight[3] + kw),
                     static_cast<size_t>(((n * y[1] + o) * y[2] + oi) * y[3] + oj));
              }
}

// What a result starts from: the bias of its channel.
void start(const Reference& c, bool has_bias) {
  const Shape& y = c.out_shape();
  const size_t plane = static_cast<size_t>(y[2] * y[3]), channels = static_cast<size_t>(y[1]);
  for (size_t i = 0; i < c.out[0].size(); ++i) c.out[0][i] = has_bias ? c.in[2][i / plane % channels] : 0.0;
}

}  // namespace

void conv2d(const Reference& c) {
  const auto attrs = c.attrs<Conv2dAttrs>();
  start(c, attrs.epilogue.bias);
  each_term_conv(c.in_shape(0), c.in_shape(1), c.out_shape(), attrs.conv,
                 [&](size_t x, size_t w, size_t y) { c.out[0][y] += c.in[0][x] * c.in[1][w]; });
}

void conv2d_input(const Reference& c) {
  const auto attrs = c.attrs<ConvInputAttrs>();
  start(c, attrs.epilogue.bias);
  each_term_conv(c.out_shape(), c.in_shape(1), c.in_shape(0), attrs.conv,
                 [&](size_t x, size_t w, size_t y) { c.out[0][x] += c.in[0][y] * c.in[1][w]; });
}

void conv2d_weight(const Reference& c) {
  std::ranges::fill(c.out[0], 0.0);
  each_term_conv(c.in_shape(0), c.out_shape(), c.in_shape(1), c.attrs<ConvWeightAttrs>().conv,
                 [&](size_t x, size_t w, size_t y) { c.out[0][w] += c.in[0][x] * c.in[1][y]; });
}

}  // namespace lemnos::reference
