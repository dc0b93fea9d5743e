// Activations and what is made of them.

#include "judges/helpers.h"
#include "judges/tables.h"

namespace lemnos::judges {

namespace {

Value zero(Value x) { return x.graph().scalar(0); }

Value softplus_of(Args& a) {
  const float beta = a.real_number({1, "beta"}, 1), threshold = a.real_number({2, "threshold"}, 20);
  const Value x = a[0];
  return where(greater(x, x.graph().scalar(threshold / beta)), x, softplus(x, beta));
}

Value threshold(Args& a) {
  const Value x = a[0];
  return where(greater(x, a.real({1, "threshold"})), x, a.real({2, "value"}));
}

Value hardshrink(Args& a) {
  const Value x = a[0];
  return where(greater(abs(x), x.graph().scalar(a.real_number({1, "lambd"}, .5))), x, zero(x));
}

Value softshrink(Args& a) {
  const float width = a.real_number({1, "lambd"}, .5);
  return a[0] - clamp(a[0], -width, width);
}

Value gelu_of(Args& a) {
  return gelu(a[0], a.word({1, "approximate"}, "none") == "tanh" ? GeluForm::tanh : GeluForm::erf);
}

Value prelu_of(Args& a) {
  const Value x = a[0], slope = a.tensor({1, "weight"});
  return reshape(prelu(at_least_1d(x), at_least_1d(slope)), x.shape());
}

// A function of x along an axis, which a scalar has too.
template <typename F>
auto along(F f, int64_t otherwise) {
  return [f, otherwise](Args& a) {
    a.ignore({2, "dtype"});
    const int64_t dim = a.integer({1, "dim"}, otherwise);
    return reshape(f(at_least_1d(a[0]), dim), a[0].shape());
  };
}

}  // namespace

void add_activations(Table& t) {
  t.unary("sigmoid", sigmoid);
  t.unary("tanh", tanh);
  const auto nn = [&](const char* name, auto f, Tolerance results = kCourt) {
    t.add(std::string("nn.functional.") + name, f, results);
  };
  const auto unary = [&](const char* name, Value (*f)(Value), Tolerance results = kCourt) {
    nn(
        name, [f](Args& a) { return a.ignore("inplace"), f(a[0]); }, results);
  };
  unary("relu", relu, kExact);
  unary(
      "relu6", [](Value x) { return clamp(x, 0, 6); }, kExact);
  unary("hardswish", hard_swish);
  unary("hardsigmoid", hard_sigmoid);
  unary("selu", selu);
  unary("silu", silu);
  unary("mish", mish);
  unary("softsign", softsign);
  unary("logsigmoid", [](Value x) { return -softplus(-x); });
  unary("tanhshrink", [](Value x) { return x - tanh(x); });
  t.none("nn.functional.silu.complex", "complex numbers");
  nn("leaky_relu", [](Args& a) {
    return a.ignore("inplace"), leaky_relu(a[0], a.real_number({1, "negative_slope"}, .01));
  });
  nn("elu", [](Args& a) { return elu(a[0], a.real_number({1, "alpha"}, 1)); });
  nn("celu", [](Args& a) { return celu(a[0], a.real_number({1, "alpha"}, 1)); });
  nn(
      "hardtanh",
      [](Args& a) {
        return clamp(a[0], a.real_number({1, "min_val"}, -1), a.real_number({2, "max_val"}, 1));
      },
      kExact);
  nn("gelu", gelu_of);
  nn("softplus", softplus_of);
  nn("threshold", threshold, kExact);
  nn("hardshrink", hardshrink, kExact);
  nn("softshrink", softshrink, kRounding);
  nn("prelu", prelu_of);
  nn("glu", [](Args& a) { return glu(a[0], a.integer({1, "dim"}, -1)); });
  t.add("softmax", along(softmax, -1));
  t.add("log_softmax", along(log_softmax, -1));
  nn("softmin", along([](Value x, int64_t dim) { return softmax(-x, dim); }, -1));
}

}  // namespace lemnos::judges
