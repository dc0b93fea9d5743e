// Normalisation layers.
#include "base/text.h"
#include "lemnos/nn.h"

namespace lemnos::nn {

namespace {

struct Affine {
  Value weight, bias;
};
Affine affine_of(const Scope& scope, const Shape& shape, bool has_weight, bool has_bias) {
  Affine a;
  if (has_weight) a.weight = scope.parameter("weight", shape, Init::ones());
  if (has_weight && has_bias) a.bias = scope.parameter("bias", shape, Init::zeros());
  return a;
}

Shape trailing(const char* layer, Value x, int64_t axes) {
  require(axes >= 1 && axes <= static_cast<int64_t>(x.shape().rank()), ErrorCode::out_of_range, layer, ": ", axes,
          " trailing axes of x ", x.desc());
  return Shape(x.shape().dims().last(static_cast<size_t>(axes)));
}

void require_channels(const char* layer, Value x) {
  require(x.shape().rank() >= 2, ErrorCode::shape_mismatch, layer, ": x is ", x.desc(),
          ", it takes a batch axis and a channel axis at least");
}

}  // namespace

Value BatchNorm::operator()(const Scope& scope, Value x) const {
  require_channels(kKind, x);
  x = scope.computed(x);
  const Shape channels{x.shape()[1]};
  const Affine a = affine_of(scope, channels, affine, true);
  const Value mean = scope.variable("running_mean", channels, 0);
  const Value variance = scope.variable("running_var", channels, 1);
  if (!scope.training()) return batch_norm_eval(x, a.weight, a.bias, mean, variance, eps);
  const BatchNormed batch = batch_norm(x, a.weight, a.bias, eps, scope.counted_rows(x));
  if (scope.updates)
    scope.updates->push_back(
        update_running_statistics(mean, variance, batch, x.desc().elements() / channels[0], momentum)[0]);
  return batch.y;
}

Value LayerNorm::operator()(const Scope& scope, Value x) const {
  x = scope.computed(x);
  const Affine a = affine_of(scope, trailing(kKind, x, axes), affine, bias);
  return layer_norm(x, a.weight, a.bias, {.axes = axes, .eps = eps});
}

Value RmsNorm::operator()(const Scope& scope, Value x) const {
  x = scope.computed(x);
  const Affine a = affine_of(scope, trailing(kKind, x, axes), affine, false);
  return rms_norm(x, a.weight, {.axes = axes, .eps = eps});
}

Value GroupNorm::operator()(const Scope& scope, Value x) const {
  require_channels(kKind, x);
  x = scope.computed(x);
  const Affine a = affine_of(scope, {x.shape()[1]}, affine, true);
  return group_norm(x, groups, a.weight, a.bias, eps);
}

}  // namespace lemnos::nn
