// Batch normalisation, with the statistics of the batch or given ones, its gradient, and the running statistics.
#include "reference/batch_norm.h"

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
double per_channel(const Shape& x) { return static_cast<double>(x.elements() / x[1]); }

}  // namespace

void batch_norm(const Reference& c) {
  const auto attrs = c.attrs<BatchNormAttrs>();
  const Shape& shape = c.in_shape(0);
  const auto channels = static_cast<size_t>(shape[1]);
  const double n = per_channel(shape);
  std::vector<double> mean(channels), variance(channels), rstd(channels);
  each_element(shape, [&](size_t e, size_t k) { mean[k] += c.in[0][e] / n; });
  each_element(shape, [&](size_t e, size_t k) { variance[k] += (c.in[0][e] - mean[k]) * (c.in[0][e] - mean[k]) / n; });
  for (size_t k = 0; k < channels; ++k) {
    rstd[k] = 1 / std::sqrt(variance[k] + attrs.eps);
    c.out[1][2 * k] = mean[k];
    c.out[1][2 * k + 1] = rstd[k];
    c.out[2][k] = variance[k];
  }
  each_element(shape, [&](size_t e, size_t k) {
    const double gamma = c.in.size() > 1 ? c.in[1][k] : 1, beta = c.in.size() > 2 ? c.in[2][k] : 0;
    c.out[0][e] = (c.in[0][e] - mean[k]) * rstd[k] * gamma + beta;
  });
}

// Inputs x, {mean, rstd}, dy, gamma; outputs dx, dgamma, dbeta.
void batch_norm_backward(const Reference& c) {
  const Shape& shape = c.in_shape(0);
  const double n = per_channel(shape);
  const auto dy = c.in[2];
  const auto xhat = [&](size_t e, size_t k) { return (c.in[0][e] - c.in[1][2 * k]) * c.in[1][2 * k + 1]; };
  std::vector<double> sums(c.out[1].size()), products(c.out[1].size());
  each_element(shape, [&](size_t e, size_t k) {
    sums[k] += dy[e];
    products[k] += dy[e] * xhat(e, k);
  });
  each_element(shape, [&](size_t e, size_t k) {
    const double gamma = c.in.size() > 3 ? c.in[3][k] : 1, rstd = c.in[1][2 * k + 1];
    c.out[0][e] = gamma * rstd * (dy[e] - sums[k] / n - xhat(e, k) * products[k] / n);
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
  const double momentum = attrs.momentum, n = static_cast<double>(attrs.elements);
  for (size_t k = 0; k < c.out[0].size(); ++k) {
    c.out[0][k] = (1 - momentum) * c.out[0][k] + momentum * c.in[2][2 * k];
    c.out[1][k] = (1 - momentum) * c.out[1][k] + momentum * c.in[3][k] * n / (n - 1);
  }
}

}  // namespace lemnos::reference
