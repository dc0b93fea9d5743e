// sum, mean, reduce_max, reduce_min and norm over any axes, in a fixed order.
//
// Neighbouring axes of the same kind are folded, which leaves kept and reduced ones in turn. Then each reduced group,
// the last first, takes one pass over [outer, depth, inner]: along rows of consecutive elements where inner is 1, along
// columns else. A pass with few results and much depth is cut into chunks and a further pass over those. What lies
// between passes is f32. How a tensor is cut depends on its shape alone, so that sums come out alike everywhere.

#include <algorithm>
#include <limits>
#include <string_view>

#include "lemnos/ops.h"
#include "ops/broadcast.h"
#include "ops/formats.h"
#include "ops/lowering.h"
#include "reference/reduce.h"
#include "shaders/reduce_columns.h"
#include "shaders/reduce_rows.h"

namespace lemnos::ops {
namespace {

bool is_reduced(const std::vector<int64_t>& axes, size_t axis) {
  return axes.empty() || std::ranges::find(axes, static_cast<int64_t>(axis)) != axes.end();
}

std::vector<TensorDesc> infer_reduce(const Infer& in) {
  const auto attrs = in.attrs<ReduceAttrs>();
  require_inputs(in, 1);
  require_float(in, 0);
  const Shape& x = in.in[0].shape;
  const std::vector<int64_t>& axes = attrs.axes;
  for (size_t i = 0; i < axes.size(); ++i)
    require(axes[i] >= 0 && axes[i] < static_cast<int64_t>(x.rank()) && (i == 0 || axes[i] > axes[i - 1]),
            ErrorCode::out_of_range, in.op.name, ": axis ", axes[i], " of shape ", x, " is out of range or repeated");
  std::vector<int64_t> extents;
  for (size_t i = 0; i < x.rank(); ++i) {
    if (!is_reduced(axes, i)) {
      extents.push_back(x[i]);
    } else if (attrs.keep) {
      extents.push_back(1);
    }
  }
  const std::string_view name = in.op.name;
  require(x.elements() > 0 || name == "sum" || name == "norm", ErrorCode::invalid_argument, name, ": x ", x,
          " has no elements");
  return {{Shape(extents), in.in[0].dtype}};
}

struct Group {
  uint64_t extent;
  bool reduced;
};

std::vector<Group> fold_reduce(const Shape& shape, const std::vector<int64_t>& axes) {
  std::vector<Group> groups;
  for (size_t i = 0; i < shape.rank(); ++i) {
    if (shape[i] == 1) continue;
    const bool reduced = is_reduced(axes, i);
    if (groups.empty() || groups.back().reduced != reduced) groups.push_back({1, reduced});
    groups.back().extent *= static_cast<uint64_t>(shape[i]);
  }
  return groups;
}

struct Tensor {
  TensorRef ref;
  uint32_t format;
};

// x[outer, depth, inner] -> y[outer, inner].
struct Pass {
  uint64_t outer = 1, depth = 1, inner = 1;
  uint32_t kind = REDUCE_SUM;
  uint32_t finish = REDUCE_FINISH_NONE;
  float divisor = 1;
};

// Whole words of y belong to one invocation or workgroup, so half results go in pairs.
bool is_half(uint32_t format) { return format == FORMAT_F16 || format == FORMAT_BF16; }

class Passes {
 public:
  explicit Passes(Lower& lower) : c_(lower), variant_(lower.variant()) {}

  void add(Pass pass, const Tensor& x, const Tensor& y) {
    const uint64_t chunks = chunks_of(pass);
    if (chunks == 1) return launch(pass, 1, x, y);
    const Tensor partial{c_.scratch(4 * pass.outer * pass.inner * chunks), FORMAT_F32};
    launch({pass.outer, pass.depth, pass.inner, pass.kind, REDUCE_FINISH_NONE, 1}, chunks, x, partial);
    Pass rest = pass;
    if (along_rows(pass)) {
      rest.depth = chunks;
    } else {
      rest = {1, chunks, pass.outer * pass.inner, pass.kind, pass.finish, pass.divisor};
    }
    if (rest.kind == REDUCE_SUM_SQUARES) rest.kind = REDUCE_SUM;
    add(rest, partial, y);
  }

  std::vector<Dispatch> take() { return std::move(dispatches_); }

 private:
  // Short rows are walked by one invocation each: a workgroup would mostly wait for itself.
  static bool along_rows(const Pass& pass) { return pass.inner == 1 && pass.depth > 32; }
  static bool wide(const Pass& pass) { return (along_rows(pass) ? pass.depth : pass.inner) % 4 == 0; }

  static uint64_t chunks_of(const Pass& pass) {
    constexpr uint64_t kRowChunk = 4096, kMostChunks = 1024, kFewGroups = 256;
    constexpr uint64_t kColumnChunk = 32, kFewInvocations = 8192;
    if (along_rows(pass)) {
      if (pass.outer >= kFewGroups || pass.depth < 2 * kRowChunk) return 1;
      return std::min(kMostChunks, divide_up(pass.depth, kRowChunk));
    }
    const uint64_t invocations = std::max<uint64_t>(1, pass.outer * pass.inner / (wide(pass) ? 4 : 1));
    if (pass.depth < 8 * kColumnChunk || invocations >= kFewInvocations / 2) return 1;
    return std::min(divide_up(kFewInvocations, invocations), pass.depth / kColumnChunk);
  }

  void launch(const Pass& pass, uint64_t chunks, const Tensor& x, const Tensor& y) {
    const uint64_t results = pass.outer * pass.inner * chunks;
    Dispatch d = along_rows(pass) ? rows(pass, chunks, x, y) : columns(pass, chunks, x, y);
    // Nothing is read of an empty x, but something must be bound.
    d.tensors = {in_words(x.ref.bytes ? x.ref : y.ref), in_words(y.ref)};
    d.cost = {x.ref.bytes + results * (is_half(y.format) ? 2 : 4), pass.outer * pass.depth * pass.inner};
    dispatches_.push_back(std::move(d));
  }

  // A subgroup to a row where there are many, or where barriers are dear; else a workgroup.
  Dispatch rows(const Pass& pass, uint64_t chunks, const Tensor& x, const Tensor& y) const {
    using namespace shaders;
    const uint64_t chunk_cols = divide_up(divide_up(pass.depth, chunks), 4) * 4;
    const uint64_t words = divide_up(pass.outer * chunks, is_half(y.format) ? 2 : 1);
    const DeviceCaps& caps = c_.caps;
    const bool many = caps.software || (words >= 512 && chunk_cols <= 2048);
    const bool by_subgroup = many && variant_ == "subgroup";
    const uint32_t workgroup = by_subgroup
                                   ? std::min(std::max(64u, caps.max_subgroup_size), caps.max_workgroup_invocations)
                                   : row_workgroup(std::min(chunk_cols, pass.depth), caps);
    const uint32_t words_per_group = by_subgroup ? std::max(1u, workgroup / std::max(1u, caps.subgroup_size)) : 1;
    return {.kernel = &c_.kernel("reduce_rows." + variant_),
            .spec = ReduceRowsSpec{.workgroup_size = workgroup,
                                   .kind = pass.kind,
                                   .finish = pass.finish,
                                   .format = x.format,
                                   .result_format = y.format,
                                   .wide = wide(pass),
                                   .by_subgroup = by_subgroup},
            .params = ReduceRowsParams{.rows = static_cast<uint32_t>(pass.outer),
                                       .cols = static_cast<uint32_t>(pass.depth),
                                       .chunks = static_cast<uint32_t>(chunks),
                                       .chunk_cols = static_cast<uint32_t>(chunk_cols),
                                       .divisor = pass.divisor,
                                       .words_per_group = words_per_group},
            .groups = divide_up(words, words_per_group)};
  }

  Dispatch columns(const Pass& pass, uint64_t chunks, const Tensor& x, const Tensor& y) const {
    using namespace shaders;
    const uint64_t inner_units = wide(pass) ? pass.inner / 4 : pass.inner;
    const uint32_t layout = pass.outer == 1    ? REDUCE_LAYOUT_INNER
                            : inner_units == 1 ? REDUCE_LAYOUT_OUTER
                                               : REDUCE_LAYOUT_BOTH;
    const Divisor inner = layout == REDUCE_LAYOUT_BOTH ? divisor(static_cast<uint32_t>(inner_units)) : Divisor{};
    const uint64_t outputs = pass.outer * pass.inner;
    const uint64_t each = wide(pass) || is_half(y.format) ? 4 : 1;
    const ReduceColumnsSpec spec{.workgroup_size = 64,
                                 .kind = pass.kind,
                                 .finish = pass.finish,
                                 .format = x.format,
                                 .result_format = y.format,
                                 .wide = wide(pass),
                                 .layout_of = layout};
    return {.kernel = &c_.kernel("reduce_columns"),
            .spec = spec,
            .params = ReduceColumnsParams{.outputs = static_cast<uint32_t>(outputs),
                                          .inner = static_cast<uint32_t>(pass.inner),
                                          .inner_multiplier = inner.multiplier,
                                          .inner_shift = inner.shift,
                                          .depth = static_cast<uint32_t>(pass.depth),
                                          .chunks = static_cast<uint32_t>(chunks),
                                          .chunk_depth = static_cast<uint32_t>(divide_up(pass.depth, chunks)),
                                          .divisor = pass.divisor},
            .groups = divide_up(divide_up(outputs, each) * chunks, spec.workgroup_size)};
  }

  Lower& c_;
  std::string variant_;
  std::vector<Dispatch> dispatches_;
};

uint64_t product_reduce(std::span<const Group> groups) {
  uint64_t n = 1;
  for (const Group& g : groups) n *= g.extent;
  return n;
}

std::vector<Dispatch> lower_reduce(Lower& c) {
  const std::string_view name = c.node().op->name;
  const uint32_t elements = count32(c.in(0), c.node().op->name);
  std::vector<Group> groups = fold_reduce(c.in(0).shape, c.attrs<ReduceAttrs>().axes);
  Pass pass;
  pass.kind = name == "reduce_max"   ? REDUCE_MAX
              : name == "reduce_min" ? REDUCE_MIN
              : name == "norm"       ? REDUCE_SUM_SQUARES
                                     : REDUCE_SUM;
  const uint32_t finish = name == "mean"   ? REDUCE_FINISH_DIVIDE
                          : name == "norm" ? REDUCE_FINISH_ROOT
                                           : REDUCE_FINISH_NONE;
  const int64_t results = c.out().elements();
  pass.divisor = results ? static_cast<float>(static_cast<double>(elements) / static_cast<double>(results)) : 1.0f;

  Passes passes(c);
  Tensor x{c.x(0), format_of(c.in(0).dtype)};
  const Tensor y{c.y(), format_of(c.out().dtype)};
  for (bool done = false; !done;) {
    const auto last = std::ranges::find_if(groups.rbegin(), groups.rend(), &Group::reduced);
    const size_t at = last == groups.rend() ? 0 : groups.size() - 1 - static_cast<size_t>(last - groups.rbegin());
    const bool any = last != groups.rend();
    pass.outer = any ? product_reduce(std::span(groups).first(at)) : 1;
    pass.depth = any ? groups[at].extent : 1;
    pass.inner = any ? product_reduce(std::span(groups).subspan(at + 1)) : product_reduce(groups);
    done = std::ranges::count_if(groups, &Group::reduced) <= 1;
    pass.finish = done ? finish : REDUCE_FINISH_NONE;
    const Tensor result = done ? y : Tensor{c.scratch(4 * pass.outer * pass.inner), FORMAT_F32};
    passes.add(pass, x, result);
    if (any) groups.erase(groups.begin() + static_cast<ptrdiff_t>(at));
    x = result;
    if (pass.kind == REDUCE_SUM_SQUARES) pass.kind = REDUCE_SUM;
  }
  return passes.take();
}

// `v`, shaped like the result of this node, with the reduced axes back as 1 and stretched to the shape of x.
Value stretched(Grad& g, Value v) {
  const auto attrs = g.attrs<ReduceAttrs>();
  const Shape whole = g.in(0).shape();  // a copy: adding nodes moves what shape() refers to
  Shape kept = whole;
  for (size_t i = 0; i < kept.rank(); ++i)
    if (is_reduced(attrs.axes, i)) kept = kept.with(i, 1);
  return broadcast_to(reshape(v, kept), whole);
}

std::vector<Value> grad_sum(Grad& g) { return {stretched(g, g.dy())}; }

std::vector<Value> grad_mean(Grad& g) {
  const double count = static_cast<double>(g.in(0).desc().elements()) / static_cast<double>(g.out().desc().elements());
  return {stretched(g, affine(g.dy(), static_cast<float>(1 / count), 0))};
}

std::vector<Value> grad_extreme(Grad& g) {
  const auto attrs = g.attrs<ReduceAttrs>();
  const Value mask = cast(equal(g.in(0), stretched(g, g.out())), g.in(0).dtype());
  const Value ties = sum(mask, attrs.axes, attrs.keep);
  return {mask * stretched(g, g.dy() / ties)};
}

// dx = dy x / norm, and 0 where the norm is 0.
std::vector<Value> grad_norm(Grad& g) {
  const float tiny = g.out().dtype() == DType::f16 ? 6e-5f : 1.2e-38f;
  return {g.in(0) * stretched(g, g.dy() / clamp(g.out(), tiny, std::numeric_limits<float>::infinity()))};
}

const OpDef kReduceOps[] = {
    {"sum", infer_reduce, grad_sum, lower_reduce, reference::reduce, attrs_of<ReduceAttrs>, kRowVariants},
    {"mean", infer_reduce, grad_mean, lower_reduce, reference::reduce, attrs_of<ReduceAttrs>, kRowVariants},
    {"reduce_max", infer_reduce, grad_extreme, lower_reduce, reference::reduce, attrs_of<ReduceAttrs>, kRowVariants},
    {"reduce_min", infer_reduce, grad_extreme, lower_reduce, reference::reduce, attrs_of<ReduceAttrs>, kRowVariants},
    {"norm", infer_reduce, grad_norm, lower_reduce, reference::reduce, attrs_of<ReduceAttrs>, kRowVariants},
};

}  // namespace

std::span<const OpDef> reduce_ops() { return kReduceOps; }

Value reduce(size_t op, Value x, std::vector<int64_t> axes, bool keep) {
  for (int64_t& axis : axes) axis = static_cast<int64_t>(x.shape().axis(axis, kReduceOps[op].name));
  std::ranges::sort(axes);
  return x.graph().add(kReduceOps[op], {x}, ReduceAttrs{.axes = std::move(axes), .keep = keep});
}

}  // namespace lemnos::ops

namespace lemnos {

Value sum(Value x, std::vector<int64_t> axes, bool keep) { return ops::reduce(0, x, std::move(axes), keep); }
Value mean(Value x, std::vector<int64_t> axes, bool keep) { return ops::reduce(1, x, std::move(axes), keep); }
Value reduce_max(Value x, std::vector<int64_t> axes, bool keep) { return ops::reduce(2, x, std::move(axes), keep); }
Value reduce_min(Value x, std::vector<int64_t> axes, bool keep) { return ops::reduce(3, x, std::move(axes), keep); }
Value norm(Value x, std::vector<int64_t> axes, bool keep) { return ops::reduce(4, x, std::move(axes), keep); }

Value variance(Value x, std::vector<int64_t> axes, bool unbiased, bool keep) {
  const Value centred = x - mean(x, axes, true);
  const Value squares = square(centred);
  if (!unbiased) return mean(squares, std::move(axes), keep);
  const Value total = sum(squares, std::move(axes), keep);
  const int64_t results = std::max<int64_t>(total.desc().elements(), 1);
  const int64_t count = x.desc().elements() / results;
  require(count > 1, ErrorCode::invalid_argument, "variance: ", count, " element for each result of x ", x.shape(),
          ", an unbiased one takes at least 2");
  return affine(total, 1.0f / static_cast<float>(count - 1), 0);
}

}  // namespace lemnos
