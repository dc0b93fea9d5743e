// Functions that let a value through in part, built from other ops: PReLU by a trained slope, gated units by a half of
// x.
#include "base/text.h"
#include "lemnos/ops.h"

namespace lemnos {

namespace {

std::array<Value, 2> halves(const char* who, Value x, int64_t axis) {
  const int64_t extent = x.shape()[x.shape().axis(axis, who)];
  require(extent % 2 == 0, ErrorCode::shape_mismatch, who, ": axis ", axis, " of ", x.desc(), " has ", extent,
          " elements, it takes an even number");
  const std::vector<Value> parts = split(x, {extent / 2, extent / 2}, axis);
  return {parts[0], parts[1]};
}

}  // namespace

Value prelu(Value x, Value slope) {
  const int64_t slopes = slope.desc().elements(), rank = static_cast<int64_t>(x.shape().rank());
  require(slopes == 1 || (slope.shape().rank() == 1 && rank >= 2 && slopes == x.shape()[1]), ErrorCode::shape_mismatch,
          "prelu: the slope is ", slope.desc(), " for x ", x.desc(), "; it is one number or one for each channel");
  std::vector<int64_t> shape(static_cast<size_t>(rank), 1);
  if (slopes > 1) shape[1] = slopes;
  return where(greater(x, full(x.graph(), {}, 0, x.dtype())), x, multiply(x, reshape(slope, Shape(shape))));
}

Value glu(Value x, int64_t axis) {
  const auto [a, b] = halves("glu", x, axis);
  return a * sigmoid(b);
}
Value swiglu(Value x, int64_t axis) {
  const auto [a, b] = halves("swiglu", x, axis);
  return silu(a) * b;
}
Value geglu(Value x, int64_t axis) {
  const auto [a, b] = halves("geglu", x, axis);
  return gelu(a) * b;
}

}  // namespace lemnos
