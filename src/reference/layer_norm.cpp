// Normalisation over rows of consecutive elements: layer, RMS and group normalisation and their gradients.
#include "reference/layer_norm.h"

#include <cmath>
#include <string_view>

namespace lemnos::reference {

namespace {
// An element e belongs to row e / cols and to channel e / inner % channels.
struct Form {
  size_t cols, inner, channels;
  bool centred;
  explicit Form(const RowNormAttrs& a)
      : cols(static_cast<size_t>(a.cols)),
        inner(static_cast<size_t>(a.inner)),
        channels(static_cast<size_t>(a.channels)),
        centred(a.centred) {}
  size_t channel(size_t e) const { return e / inner % channels; }
};

}  // namespace

RowNormAttrs row_norm_form(std::string_view op, const Attrs& attrs, const Shape& x) {
  if (op == "group_norm") {
    const auto group = attrs.as<GroupNormAttrs>();
    int64_t inner = 1;  // there may be no images
    for (size_t i = 2; i < x.rank(); ++i) inner *= x[i];
    return {x[1] / group.groups * inner, inner, x[1], true, false, group.eps};
  }
  const auto layer = attrs.as<LayerNormAttrs>();
  int64_t cols = 1;
  for (int64_t i = 0; i < layer.axes; ++i) cols *= x[x.rank() - 1 - static_cast<size_t>(i)];
  return {cols, 1, cols, op == "layer_norm", true, layer.eps};
}

void row_norm(const Reference& c) {
  const RowNormAttrs attrs = row_norm_form(c.node.op->name, c.node.attrs, c.in_shape(0));
  const Form f(attrs);
  const auto n = static_cast<double>(f.cols);
  for (size_t row = 0; row * f.cols < c.in[0].size(); ++row) {
    const auto x = c.in[0].subspan(row * f.cols, f.cols);
    double mean = 0, squares = 0;
    for (const double v : x) mean += f.centred ? v / n : 0;
    for (const double v : x) squares += (v - mean) * (v - mean) / n;
    const double rstd = 1 / std::sqrt(squares + attrs.eps);
    for (size_t i = 0; i < f.cols; ++i) {
      const size_t e = row * f.cols + i;
      const double gamma = c.in.size() > 1 ? c.in[1][f.channel(e)] : 1,
                   beta = c.in.size() > 2 ? c.in[2][f.channel(e)] : 0;
      c.out[0][e] = (x[i] - mean) * rstd * gamma + beta;
    }
    c.out[1][3 * row] = static_cast<float>(mean);
    c.out[1][3 * row + 1] = rstd;
    c.out[1][3 * row + 2] = std::isfinite(mean) ? mean - c.out[1][3 * row] : 0;
  }
}

// Inputs x, {mean, rstd, rest of the mean}, dy, gamma.
void row_norm_backward(const Reference& c) {
  const Form f(c.attrs<RowNormAttrs>());
  const auto n = static_cast<double>(f.cols);
  for (size_t row = 0; row * f.cols < c.in[0].size(); ++row) {
    const double mean = c.in[1][3 * row] + c.in[1][3 * row + 2], rstd = c.in[1][3 * row + 1];
    const auto g = [&](size_t e) { return c.in[2][e] * (c.in.size() > 3 ? c.in[3][f.channel(e)] : 1.0); };
    const auto xhat = [&](size_t e) { return (c.in[0][e] - mean) * rstd; };
    double plain = 0, along = 0;
    for (size_t e = row * f.cols; e < (row + 1) * f.cols; ++e) {
      plain += f.centred ? g(e) / n : 0;
      along += g(e) * xhat(e) / n;
    }
    for (size_t e = row * f.cols; e < (row + 1) * f.cols; ++e) c.out[0][e] = rstd * (g(e) - plain - xhat(e) * along);
  }
}

void row_norm_parameters(const Reference& c) {
  const Form f(c.attrs<RowNormAttrs>());
  for (size_t k = 0; k < c.out[0].size(); ++k) c.out[0][k] = c.out[1][k] = 0;
  for (size_t e = 0; e < c.in[0].size(); ++e) {
    const auto stats = c.in[1].subspan(e / f.cols * 3, 3);
    const double mean = stats[0] + stats[2], rstd = stats[1];
    c.out[0][f.channel(e)] += c.in[2][e] * (c.in[0][e] - mean) * rstd;
    c.out[1][f.channel(e)] += c.in[2][e];
  }
}

}  // namespace lemnos::reference
