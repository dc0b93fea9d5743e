// pad: x with `before` and `after` elements of `value` around it along every axis.

#include "shaders/pad.h"

#include "base/half.h"
#include "lemnos/ops.h"
#include "ops/broadcast.h"
#include "ops/formats.h"
#include "ops/lowering.h"
#include "ops/move.h"
#include "ops/pad.h"
#include "reference/pad.h"

namespace lemnos::ops {
namespace {

// An axis without padding joins the one outside it.
std::vector<PadAxis> fold_pad(const Shape& x, const Shape& y, const std::vector<int64_t>& before) {
  const auto dense = dense_strides(x);
  std::vector<PadAxis> axes;
  for (size_t i = 0; i < y.rank(); ++i) {
    if (y[i] == 1 && x[i] == 1) continue;
    if (!axes.empty() && x[i] == y[i]) {
      PadAxis& outer = axes.back();
      outer = {outer.extent * y[i], outer.before * y[i], outer.limit * y[i], dense[i]};
    } else {
      axes.push_back({y[i], before[i], x[i], dense[i]});
    }
  }
  if (axes.empty()) axes.push_back({1, 0, 1, 1});
  return axes;
}

void require_axes(const std::vector<PadAxis>& axes, const char* who) {
  require(axes.size() <= PAD_AXES, ErrorCode::unsupported, who, ": ", axes.size(),
          " axes remain after folding, a kernel walks ", PAD_AXES);
}

std::vector<TensorDesc> infer_pad(const Infer& in) {
  const auto attrs = in.attrs<PadAttrs>();
  require_inputs(in, 1);
  const Shape& x = in.in[0].shape;
  const std::vector<int64_t>&before = attrs.before, &after = attrs.after;
  require(before.size() == x.rank() && after.size() == x.rank(), ErrorCode::shape_mismatch, in.op.name, ": ",
          before.size(), " before and ", after.size(), " after for shape ", x, ", which has ", x.rank(), " axes");
  std::vector<int64_t> extents;
  for (size_t i = 0; i < x.rank(); ++i) {
    require(before[i] >= 0 && after[i] >= 0, ErrorCode::invalid_argument, in.op.name, ": ", before[i], " before and ",
            after[i], " after along axis ", i, " of shape ", x, "; use slice to take away");
    extents.push_back(before[i] + x[i] + after[i]);
  }
  require_axes(fold_pad(x, Shape(extents), before), in.op.name);
  return {{Shape(extents), in.in[0].dtype}};
}

uint32_t fill_bits(const Lower& c) {
  const double value = c.attrs<PadAttrs>().value;
  uint32_t bits = 0;
  encode(c.out().dtype, &value, &bits, 1);
  return bits;
}

std::vector<Dispatch> lower_pad(Lower& c) {
  if (count32(c.out(), c.node().op->name) == 0) return {};
  const Shape &x = c.in(0).shape, &y = c.out().shape;
  if (x.elements() == 0)  // something must be bound, though nothing is read
    return {pad(c, c.y(), c.y(), c.out().dtype, {{y.elements(), 0, 0, 1}}, fill_bits(c))};
  return {pad(c, c.x(0), c.y(), c.out().dtype, fold_pad(x, y, c.attrs<PadAttrs>().before), fill_bits(c))};
}

std::vector<Value> grad_pad(Grad& g) {
  const Shape x = g.in(0).shape();
  std::vector<int64_t> begin = g.attrs<PadAttrs>().before, end = begin;
  for (size_t i = 0; i < end.size(); ++i) end[i] += x[i];
  return {slice(g.dy(), begin, end)};
}

const OpDef kPadOps[] = {{"pad", infer_pad, grad_pad, lower_pad, reference::pad, attrs_of<PadAttrs>}};

}  // namespace

namespace {
// Axes of one element become one, which comes first, because a kernel divides by the extents of the others.
void join_single(std::vector<PadAxis>& axes) {
  PadAxis one{1, 0, 1, 0};
  for (const PadAxis& a : axes) {
    if (a.extent != 1) continue;
    if (a.before > 0 || -a.before >= a.limit) one.limit = 0;  // the fill alone
    one.stride -= a.before * a.stride;
  }
  std::erase_if(axes, [](const PadAxis& a) { return a.extent == 1; });
  if (one.limit && one.stride) one.before = -1, one.limit = 2;
  if (axes.empty() || one.before || !one.limit) axes.insert(axes.begin(), one);
}
}  // namespace

Dispatch pad(Lower& c, const TensorRef& x, const TensorRef& y, DType dtype, std::vector<PadAxis> axes, uint32_t fill) {
  using namespace shaders;
  const char* who = c.node().op->name;
  uint64_t count = 1;
  for (const PadAxis& axis : axes) count *= static_cast<uint64_t>(axis.extent);
  require(count < (uint64_t{1} << 31), ErrorCode::unsupported, who, ": ", count,
          " elements with those around them; the kernel counts to ", 1u << 31);
  require_axes(axes, who);
  join_single(axes);
  PadParams params{.count = static_cast<uint32_t>(count), .fill = fill};
  PadAxis& last = axes.back();
  bool wide = last.stride == 1 && last.extent % 4 == 0 && last.before % 4 == 0 && last.limit % 4 == 0;
  for (size_t i = 0; i + 1 < axes.size(); ++i) wide = wide && axes[i].stride % 4 == 0 && last.extent > 4;
  if (wide) {
    last = {last.extent / 4, last.before / 4, last.limit / 4, 1};
    for (size_t i = 0; i + 1 < axes.size(); ++i) axes[i].stride /= 4;
  }
  for (size_t i = 0; i < axes.size(); ++i) {
    params.extent[i] = static_cast<uint32_t>(axes[i].extent);
    params.before[i] = static_cast<uint32_t>(axes[i].before);
    params.limit[i] = static_cast<uint32_t>(axes[i].limit);
    params.stride[i] = static_cast<uint32_t>(axes[i].stride);
    if (i == 0) continue;
    const Divisor d = divisor(params.extent[i]);
    params.multiplier[i] = d.multiplier;
    params.shifts |= d.shift << (5 * i);
  }
  const PadSpec spec{
      .workgroup_size = 64, .format = movable_format(dtype), .rank = static_cast<uint32_t>(axes.size()), .wide = wide};
  return {.kernel = &c.kernel("pad"),
          .tensors = {in_words(x), in_words(y)},
          .spec = spec,
          .params = params,
          .groups = divide_up(divide_up(count, 4), spec.workgroup_size),
          .cost = {x.bytes + y.bytes, 0}};
}

namespace {
// Of a padding that is one: whether a kernel cannot walk it.
bool too_many_pad_axes(const Shape& x, const std::vector<int64_t>& before, const std::vector<int64_t>& after) {
  if (before.size() != x.rank() || after.size() != x.rank()) return false;
  std::vector<int64_t> extents;
  for (size_t i = 0; i < x.rank(); ++i) {
    if (before[i] < 0 || after[i] < 0) return false;
    extents.push_back(before[i] + x[i] + after[i]);
  }
  return fold_pad(x, Shape(extents), before).size() > PAD_AXES;
}
}  // namespace

std::span<const OpDef> pad_ops() { return kPadOps; }
const OpDef& pad_op() { return kPadOps[0]; }

}  // namespace lemnos::ops

namespace lemnos {
Value pad(Value x, std::vector<int64_t> before, std::vector<int64_t> after, float value) {
  if (ops::too_many_pad_axes(x.shape(), before, after)) {  // the outer ones first
    std::vector<int64_t> none(before.size(), 0), first_before = none, first_after = none;
    for (size_t i = 0; i < before.size() / 2; ++i) {
      std::swap(first_before[i], before[i]);
      std::swap(first_after[i], after[i]);
    }
    x = pad(x, std::move(first_before), std::move(first_after), value);
  }
  return x.graph().add(ops::pad_op(), {x},
                       PadAttrs{.before = std::move(before), .after = std::move(after), .value = value});
}
}  // namespace lemnos
