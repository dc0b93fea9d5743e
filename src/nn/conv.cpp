// Layers over planes.
#include "base/text.h"
#include "lemnos/nn.h"

namespace lemnos::nn {

namespace {

void require_shape(const char* layer, Value x, size_t rank, int64_t out) {
  require(x.shape().rank() == rank, ErrorCode::shape_mismatch, layer, ": x is ", x.desc(), ", it takes ", rank,
          " axes");
  require(out > 0, ErrorCode::invalid_argument, layer, ": out is ", out, ", it must be positive");
}

void require_groups(const char* layer, int64_t in, int64_t out, int64_t groups) {
  require(groups >= 1 && in % groups == 0 && out % groups == 0, ErrorCode::shape_mismatch, layer, ": ", in, " and ",
          out, " channels do not divide into ", groups, " groups");
}

}  // namespace

Value Conv2d::operator()(const Scope& scope, Value x) const {
  require_shape(kKind, x, 4, out);
  x = scope.computed(x);
  const int64_t in = x.shape()[1];
  require_groups(kKind, in, out, groups);
  const Shape shape{out, in / groups, kernel.height, kernel.width};
  const Value weight = scope.parameter("weight", shape, weight_init);
  const int64_t fan_in = shape[1] * shape[2] * shape[3];
  const Value offset = bias ? scope.parameter("bias", {out}, bias_init, fan_in) : Value();
  return conv2d(x, weight, offset, {.stride = stride, .padding = padding, .dilation = dilation, .groups = groups});
}

Value Conv1d::operator()(const Scope& scope, Value x) const {
  require_shape(kKind, x, 3, out);
  x = scope.computed(x);
  const int64_t in = x.shape()[1];
  require_groups(kKind, in, out, groups);
  const Value weight = scope.parameter("weight", {out, in / groups, kernel}, weight_init);
  const Value offset = bias ? scope.parameter("bias", {out}, bias_init, in / groups * kernel) : Value();
  return conv1d(x, weight, offset, {.stride = stride, .padding = padding, .dilation = dilation, .groups = groups});
}

Value ConvTranspose2d::operator()(const Scope& scope, Value x) const {
  require_shape(kKind, x, 4, out);
  x = scope.computed(x);
  const int64_t in = x.shape()[1];
  require_groups(kKind, in, out, groups);
  const Shape shape{in, out / groups, kernel.height, kernel.width};
  const Value weight = scope.parameter("weight", shape, weight_init);
  const int64_t fan_in = shape[1] * shape[2] * shape[3];
  const Value offset = bias ? scope.parameter("bias", {out}, bias_init, fan_in) : Value();
  return conv_transpose2d(
      x, weight, offset,
      {.stride = stride, .padding = padding, .output_padding = output_padding, .dilation = dilation, .groups = groups});
}

Value Reshape::operator()(const Scope&, Value x) const {
  require(x.shape().rank() >= 1, ErrorCode::shape_mismatch, kKind, ": x is a scalar, it takes a batch axis");
  std::vector<int64_t> dims{x.shape()[0]};
  dims.insert(dims.end(), shape.begin(), shape.end());
  return reshape(x, Shape(dims));
}

Value Upsample::operator()(const Scope&, Value x) const {
  const size_t rank = x.shape().rank();
  require(rank >= 2, ErrorCode::shape_mismatch, kKind, ": x is ", x.desc(), ", it takes two axes at least");
  const int64_t height = size.height ? size.height : x.shape()[rank - 2] * factor.height;
  const int64_t width = size.width ? size.width : x.shape()[rank - 1] * factor.width;
  return upsample(x, {height, width}, {.mode = mode, .align_corners = align_corners});
}

}  // namespace lemnos::nn
