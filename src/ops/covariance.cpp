// covariance and correlation of variables, by a product of matrices.

#include <cmath>

#include "base/text.h"
#include "lemnos/ops.h"

namespace lemnos {

namespace {

Value weights_of_covariance(Value given, const char* name, int64_t observations) {
  if (!given) return {};
  require(given.shape() == Shape{observations}, ErrorCode::shape_mismatch, "covariance: ", name, " ", given.desc(),
          " for ", observations, " observations");
  return given.dtype() == DType::f32 ? given : cast(given, DType::f32);
}

}  // namespace

Value covariance(Value x, CovarianceOptions o) {
  const Shape& s = x.shape();
  require((s.rank() == 1 || s.rank() == 2) && s.elements() > 0 && x.dtype() == DType::f32, ErrorCode::invalid_argument,
          "covariance: x is ", x.desc(), ", it takes f32[variables, observations] or f32[observations], with elements");
  const int64_t n = s[s.rank() - 1];
  const Value rows = reshape(x, Shape{s.elements() / n, n});
  const Value counts = weights_of_covariance(o.counts, "counts", n);
  const Value weights = weights_of_covariance(o.weights, "weights", n);
  Graph& graph = x.graph();
  const auto correction = static_cast<float>(o.correction);
  Value c;
  if (!counts && !weights) {
    require(n > o.correction, ErrorCode::invalid_argument, "covariance: ", n, " observations less a correction of ",
            o.correction, " leave no positive divisor");
    const Value away = rows - mean(rows, {1}, true);
    c = matmul(away, away, {.transpose_b = true}) / static_cast<float>(n - o.correction);
  } else {
    const Value w = counts && weights ? counts * weights : counts ? counts : weights;
    const Value total = sum(w);
    const Value away = rows - sum(rows * w, {1}, true) / total;
    const Value lost = weights ? correction * sum(w * weights) / total : graph.scalar(correction);
    c = matmul(away * w, away, {.transpose_b = true}) / relu(total - lost);
  }
  return s.rank() == 1 ? reshape(c, Shape{}) : c;
}

Value correlation(Value x) {
  const Shape& s = x.shape();
  require(s.rank() == 2 && s.elements() > 0 && x.dtype() == DType::f32, ErrorCode::invalid_argument,
          "correlation: x is ", x.desc(), ", it takes f32[variables, observations], with elements");
  const Value away = x - mean(x, {1}, true);
  const Value unit = away / norm(away, {1}, true);
  return clamp(matmul(unit, unit, {.transpose_b = true}), -1, 1);
}

}  // namespace lemnos
