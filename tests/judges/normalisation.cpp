// Normalisation by statistics of rows, groups, channels and batches.

#include <limits>

#include "judges/helpers.h"
#include "judges/tables.h"

namespace lemnos::judges {

namespace {

float eps_of(Args& a, Where where, double otherwise) {
  const double eps = a.number(where, otherwise);
  express_if(eps >= 0, "eps below 0");
  return static_cast<float>(eps);
}

int64_t axes_of(Args& a) { return static_cast<int64_t>(a.list({1, "normalized_shape"}).size()); }

Value layer_norm_of(Args& a) {
  const LayerNormOptions options{.axes = axes_of(a), .eps = eps_of(a, {4, "eps"}, 1e-5)};
  return layer_norm(a[0], a.tensor_or_none({2, "weight"}), a.tensor_or_none({3, "bias"}), options);
}

// Without an eps PyTorch takes that of the type it computes in, which here was float64.
Value rms_norm_of(Args& a) {
  const float eps = eps_of(a, {3, "eps"}, std::numeric_limits<double>::epsilon());
  return rms_norm(a[0], a.tensor_or_none({2, "weight"}), {.axes = axes_of(a), .eps = eps});
}

Value group_norm_of(Args& a) {
  const int64_t groups = a.integer({1, "num_groups"});
  return group_norm(a[0], groups, a.tensor_or_none({2, "weight"}), a.tensor_or_none({3, "bias"}),
                    eps_of(a, {4, "eps"}, 1e-5));
}

// What the running statistics become is no result of the calls.
Value instance_norm_of(Args& a) {
  for (Where where : {Where{1, "running_mean"}, Where{2, "running_var"}, Where{6, "momentum"}}) a.ignore(where);
  express_if(a.flag({5, "use_input_stats"}, true), "instance_norm by running statistics");
  return instance_norm(a[0], a.tensor_or_none({3, "weight"}), a.tensor_or_none({4, "bias"}),
                       eps_of(a, {7, "eps"}, 1e-5));
}

Value batch_norm_of(Args& a) {
  a.ignore({6, "momentum"});
  express_if(a[0].shape().rank() >= 2, "batch_norm of a vector");
  const Value gamma = a.tensor_or_none({3, "weight"}), beta = a.tensor_or_none({4, "bias"});
  const float eps = eps_of(a, {7, "eps"}, 1e-5);
  const Value mean = a.tensor_or_none({1, "running_mean"}), variance = a.tensor_or_none({2, "running_var"});
  if (a.flag({5, "training"}, false)) return batch_norm(a[0], gamma, beta, eps).y;
  return batch_norm_eval(a[0], gamma, beta, mean, variance, eps);
}

// x / (k + alpha mean of the squares of `size` neighbouring channels)^beta: a pool along the channels.
Value local_response(Args& a) {
  const int64_t size = a.integer({1, "size"});
  const float alpha = a.real_number({2, "alpha"}, 1e-4), beta = a.real_number({3, "beta"}, .75),
              k = a.real_number({4, "k"}, 1);
  const Value x = a[0];
  const int64_t n = x.shape()[0], c = x.shape()[1], rest = flatten(x, 2).shape()[2];
  const Value squares = pad(reshape(square(x), Shape{n, 1, c, rest}), {0, 0, size / 2, 0}, {0, 0, (size - 1) / 2, 0});
  const Value means = avg_pool2d(squares, {.kernel = {size, 1}, .stride = {1, 1}});
  return x / pow(affine(reshape(means, x.shape()), alpha, k), a.graph().scalar(beta));
}

Value normalize(Args& a) {
  const Value x = at_least_1d(a[0]);
  const double p = a.number({1, "p"}, 2);
  const Axes axes = counted(a.list({2, "dim"}, {1}), x.shape());
  const float eps = eps_of(a, {3, "eps"}, 1e-12);
  if (p == 2) return reshape(l2_normalize(x, axes, eps), a[0].shape());
  return reshape(x / maximum(vector_norm(x, p, axes, true), a.graph().scalar(eps)), a[0].shape());
}

}  // namespace

void add_normalisation(Table& t) {
  t.add("nn.functional.layer_norm", layer_norm_of);
  t.add("nn.functional.rms_norm", rms_norm_of);
  t.add("nn.functional.group_norm", group_norm_of);
  t.add("nn.functional.instance_norm", instance_norm_of);
  t.add("nn.functional.batch_norm", batch_norm_of);
  t.add("nn.functional.batch_norm.without_cudnn", batch_norm_of);
  t.add("nn.functional.local_response_norm", local_response);
  t.add("nn.functional.normalize", normalize);
}

}  // namespace lemnos::judges
