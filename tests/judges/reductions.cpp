// Sums, means, extremes, variances and norms over axes.

#include <algorithm>
#include <string>

#include "judges/helpers.h"
#include "judges/tables.h"

namespace lemnos::judges {

namespace {

// What every reduction is told: x, its axes (all where there are none), and whether they stay.
struct Reduced {
  Value x;
  Axes axes;
  bool keep = false;
  bool scalar = false;

  /// f over the axes; a scalar has an axis 0 in PyTorch, and none afterwards.
  template <typename F>
  Value by(F f) const {
    const Value y = f(x, axes, keep);
    return scalar ? reshape(y, Shape{}) : y;
  }
  int64_t count() const {
    int64_t elements = axes.empty() ? x.shape().elements() : 1;
    for (int64_t axis : axes) elements *= x.shape()[static_cast<size_t>(axis)];
    return elements;
  }
};

Reduced reduced_of(Args& a, Where dims, Where keep) {
  const Value x = a[0];
  a.ignore("dtype");
  return {at_least_1d(x), counted(a.list(dims, {}), x.shape()), a.flag(keep, false), x.shape().rank() == 0};
}

using Reduce = Value (*)(Value, Axes, bool);

auto plain_reductions(Reduce f) {
  return [f](Args& a) { return reduced_of(a, {1, "dim"}, {2, "keepdim"}).by(f); };
}

// max and min along an axis: the values and where they stand.
auto with_indices(Reduce f, Value (*where_it_is)(Value, int64_t, bool)) {
  return [f, where_it_is](Args& a) -> std::vector<Value> {
    const Reduced r = reduced_of(a, {1, "dim"}, {2, "keepdim"});
    const auto place = [&](Value x, const Axes& axes, bool keep) { return where_it_is(x, axes[0], keep); };
    return {r.by(f), r.by(place)};
  };
}

auto place_of(Value (*f)(Value, int64_t, bool)) {
  return [f](Args& a) {
    const Reduced r = reduced_of(a, {1, "dim"}, {2, "keepdim"});
    if (r.axes.empty()) return f(reshape(r.x, Shape{r.x.shape().elements()}), 0, false);
    return r.by([&](Value x, const Axes& axes, bool keep) { return f(x, axes[0], keep); });
  };
}

// mean((x - mean)^2) times N / (N - correction), by PyTorch's three ways to say the correction.
Value variance_of(Args& a, const Reduced& r) {
  const double correction = a.has("correction") ? a.number("correction") : a.flag("unbiased", true) ? 1 : 0;
  const Value biased = r.by([](Value x, const Axes& axes, bool keep) { return variance(x, axes, false, keep); });
  const auto count = static_cast<double>(r.count());
  if (correction == 0) return biased;
  return static_cast<float>(count / std::max(0., count - correction)) * biased;
}

// With `unbiased` as the only argument behind x, or by name.
Reduced spread_of(Args& a, bool by_flag) {
  if (!by_flag) return reduced_of(a, {1, "dim"}, "keepdim");
  const Value x = a[0];
  return {at_least_1d(x), {}, false, x.shape().rank() == 0};
}

void add_spread(Table& t, const std::string& suffix, bool by_flag) {
  const auto variance_by = [by_flag](Args& a) {
    const Reduced r = spread_of(a, by_flag);
    if (!by_flag) return variance_of(a, r);
    const bool unbiased = a.flag({1, "unbiased"}, true);
    return r.by([&](Value x, const Axes& axes, bool keep) { return variance(x, axes, unbiased, keep); });
  };
  const auto mean_by = [by_flag](Args& a) { return spread_of(a, by_flag).by(mean); };
  t.add("var" + suffix, variance_by);
  t.add("std" + suffix, [=](Args& a) { return sqrt(variance_by(a)); });
  t.add("var_mean" + suffix, [=](Args& a) { return std::vector<Value>{variance_by(a), mean_by(a)}; });
  t.add("std_mean" + suffix, [=](Args& a) { return std::vector<Value>{sqrt(variance_by(a)), mean_by(a)}; });
}

Value logsumexp(Value x, Axes axes, bool keep) {
  const Value most = stop_gradient(reduce_max(x, axes, true));
  const Value logarithm = log(sum(exp(x - most), axes, keep));
  return logarithm + reshape(most, logarithm.shape());
}

Value norm_of(Args& a, Where order, Where dims, Where keep) {
  const Reduced r = reduced_of(a, dims, keep);
  const bool word = a.has(order) && a.json(order) == "fro";
  if (a.has(order) && a.json(order) == "nuc") unexpressed("no op: singular values");
  const double p = word ? 2 : a.number(order, 2);
  return r.by([&](Value x, const Axes& axes, bool stays) { return vector_norm(x, p, axes, stays); });
}

}  // namespace

void add_reductions(Table& t) {
  t.add("sum", plain_reductions(sum));
  t.add("mean", plain_reductions(mean));
  for (const char* name : {"amax", "max.reduction_no_dim"}) t.add(name, plain_reductions(reduce_max), kExact);
  for (const char* name : {"amin", "min.reduction_no_dim"}) t.add(name, plain_reductions(reduce_min), kExact);
  t.add("max.reduction_with_dim", with_indices(reduce_max, argmax), kExact);
  t.add("min.reduction_with_dim", with_indices(reduce_min, argmin), kExact);
  t.add("argmax", place_of(argmax), kExact);
  t.add("argmin", place_of(argmin), kExact);
  add_spread(t, "", false);
  add_spread(t, ".unbiased", true);
  t.add("logsumexp", plain_reductions(logsumexp));
  for (const char* name : {"norm", "norm.fro", "norm.inf", "norm.nuc"})
    t.add(name, [](Args& a) { return norm_of(a, {1, "p"}, {2, "dim"}, {3, "keepdim"}); });
  t.add("linalg.vector_norm", [](Args& a) { return norm_of(a, {1, "ord"}, {2, "dim"}, {3, "keepdim"}); });
}

}  // namespace lemnos::judges
