// Batch normalisation, with the statistics of the batch or given ones, its gradient, and the running statistics.
#include "reference/batch_norm.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace lemnos::reference {

namespace {

// Calls visit(element, channel) for all of x[N, C, ..].
template <typename Visit>
void each_element(const Shape& x, Visit visit) {
  const auto channels = static_cast<size_t>(x[1]), count = static_cast<size_t>(x.elements());
  const size_t inner = count / static_cast<size_t>(x[0]) / channels;
  for (size_t e = 0; e < count; ++e) visit(e, e / inner % channels);
}

// Of the rows of x the first that count in the statistics: how many elements of a channel they have, and whether an
// element is one of them.
struct Counted {
  double per_channel;
  size_t end;
};
Counted counted_of(const Reference& c, bool counted) {
  const Shape& x = c.in_shape(0);
  const double rows = counted ? std::min(c.in.back()[0], static_cast<double>(x[0])) : static_cast<double>(x[0]);
  const int64_t row = x.elements() / x[0], plane = row / x[1];
  return {std::max(rows * static_cast<double>(plane), 1.0), static_cast<size_t>(rows) * static_cast<size_t>(row)};
}

}  // namespace

void batch_norm(const Reference& c) {
  const auto attrs = c.attrs<BatchNormAttrs>();
  const Shape& shape = c.in_shape(0);
  const auto channels = static_cast<size_t>(shape[1]);
  const auto [n, end] = counted_of(c, attrs.counted);
  std::vector<double> mean(channels), variance(channels), rstd(channels);
  each_element(shape, [&, n = n, end = end](size_t e, size_t k) { mean[k] += e < end ? c.in[0][e] / n : 0; });
  each_element(shape, [&, n = n, end = end](size_t e, size_t k) {
    if (e < end) variance[k] += (c.in[0][e] - mean[k]) * (c.in[0][e] - mean[k]) / n;
  });
  for (size_t k = 0; k < channels; ++k) {
    rstd[k] = 1 / std::sqrt(variance[k] + attrs.eps);
    c.out[1][2 * k] = mean[k];
    c.out[1][2 * k + 1] = rstd[k];
    c.out[2][k] = variance[k];
  }
  each_element(shape, [&](size_t e, size_t k) {
    const double gamma = attrs.affine > 0 ? c.in[1][k] : 1, beta = attrs.affine > 1 ? c.in[2][k] : 0;
    c.out[0][e] = (c.in[0][e] - mean[k]) * rstd[k] * gamma + beta;
  });
}

// Inputs x, {mean, rstd}, dy, perhaps gamma, perhaps the rows that count; outputs dx, dgamma, dbeta.
void batch_norm_backward(const Reference& c) {
  const Shape& shape = c.in_shape(0);
  const bool counted = c.attrs<BatchNormBackwardAttrs>().counted, has_gamma = c.in.size() > 3 + size_t{counted};
  const auto [n, end] = counted_of(c, counted);
  const auto dy = c.in[2];
  const auto xhat = [&](size_t e, size_t k) { return (c.in[0][e] - c.in[1][2 * k]) * c.in[1][2 * k + 1]; };
  std::vector<double> sums(c.out[1].size()), products(c.out[1].size());
  each_element(shape, [&](size_t e, size_t k) {
    sums[k] += dy[e];
    products[k] += dy[e] * xhat(e, k);
  });
  each_element(shape, [&, n = n, end = end](size_t e, size_t k) {
    const double gamma = has_gamma ? c.in[3][k] : 1, rstd = c.in[1][2 * k + 1];
    const double moved = e < end ? sums[k] / n + xhat(e, k) * products[k] / n : 0;
    c.out[0][e] = gamma * rstd * (dy[e] - moved);
  });
  for (size_t k = 0; k < sums.size(); ++k) {
    c.out[1][k] = products[k];
    c.out[2][k] = sums[k];
  }
}

void batch_norm_eval(const Reference& c) {
  const auto attrs = c.attrs<BatchNormAttrs>();
  const size_t affine = c.in.size() - 3;
  const auto mean = c.in[c.in.size() - 2], variance = c.in[c.in.size() - 1];
  each_element(c.in_shape(0), [&](size_t e, size_t k) {
    const double gamma = affine > 0 ? c.in[1][k] : 1, beta = affine > 1 ? c.in[2][k] : 0;
    c.out[0][e] = (c.in[0][e] - mean[k]) / std::sqrt(variance[k] + attrs.eps) * gamma + beta;
  });
}

// Inputs running mean and variance, which are updated, then {mean, rstd} and variance of the batch.
void update_running(const Reference& c) {
  const auto attrs = c.attrs<UpdateRunningAttrs>();
  const double momentum = attrs.momentum;
  const double n = static_cast<double>(attrs.elements) * (attrs.counted ? c.in[4][0] : 1);
  if (n < 2) return;
  for (size_t k = 0; k < c.out[0].size(); ++k) {
    c.out[0][k] = (1 - momentum) * c.out[0][k] + momentum * c.in[2][2 * k];
    c.out[1][k] = (1 - momentum) * c.out[1][k] + momentum * c.in[3][k] * n / (n - 1);
  }
}

}  // namespace lemnos::reference
