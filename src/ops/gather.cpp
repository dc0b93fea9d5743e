// gather:      y[i, ..] = scale x[indices[i], ..] + shift, or `fill` where there is no such row
// scatter_add: y[r, ..] = sum of x[i, ..] over the i with indices[i] = r, in ascending order
// scatter_max, scatter_min, scatter_multiply: the maximum, the minimum, the product of them
// gather and scatter_add are each the other's gradient. Embedding is gather with a table of weights.

#include "shaders/gather.h"

#include <algorithm>
#include <string_view>

#include "lemnos/ops.h"
#include "ops/broadcast.h"
#include "ops/formats.h"
#include "ops/lowering.h"
#include "reference/gather.h"
#include "shaders/scatter_add.h"
#include "shaders/scatter_links.h"

namespace lemnos::ops {
namespace {

// The shape of `lead` followed by the axes of `x` from `from`.
Shape joined(const Shape& lead, const Shape& x, size_t from, const char* who) {
  std::vector<int64_t> extents(lead.begin(), lead.end());
  extents.insert(extents.end(), x.begin() + from, x.end());
  require(extents.size() <= Shape::kMaxRank, ErrorCode::invalid_argument, who, ": indices ", lead, " and rows of ", x,
          " make ", extents.size(), " axes, at most ", Shape::kMaxRank);
  return Shape(extents);
}

std::vector<TensorDesc> infer_gather(const Infer& in) {
  const auto attrs = in.attrs<GatherAttrs>();
  require_inputs(in, 2);
  require_dtype(in, 1, DType::i32);
  const TensorDesc& x = in.in[0];
  require(x.shape.rank() >= 1, ErrorCode::invalid_argument, in.op.name, ": x needs at least one axis");
  require(is_floating(x.dtype) || x.dtype == DType::u8 || x.dtype == DType::i32, ErrorCode::invalid_argument,
          in.op.name, ": x is ", x, ", it takes f32, f16, bf16, u8 or i32");
  require(x.dtype != DType::i32 || (attrs.scale == 1 && attrs.shift == 0), ErrorCode::invalid_argument, in.op.name,
          ": x is ", x, ", which takes no scale ", attrs.scale, " and no shift ", attrs.shift);
  return {{joined(in.in[1].shape, x.shape, 1, in.op.name), x.dtype == DType::u8 ? DType::f32 : x.dtype}};
}

std::vector<TensorDesc> infer_scatter(const Infer& in) {
  const auto attrs = in.attrs<ScatterAttrs>();
  require_inputs(in, 2);
  require_float(in, 0);
  // Infinities stand in rows that nothing comes to, and beside one of them SwiftShader has been seen to read a half
  // wrong.
  const std::string_view who = in.op.name;
  if (who == "scatter_max" || who == "scatter_min") require_dtype(in, 0, DType::f32);
  require_dtype(in, 1, DType::i32);
  const Shape &x = in.in[0].shape, &indices = in.in[1].shape;
  bool fits = x.rank() >= indices.rank();
  for (size_t i = 0; fits && i < indices.rank(); ++i) fits = x[i] == indices[i];
  require(fits, ErrorCode::shape_mismatch, in.op.name, ": x ", x, " does not begin with the axes of indices ", indices);
  const int64_t rows = attrs.rows;
  require(rows >= 0, ErrorCode::invalid_argument, in.op.name, ": rows ", rows, " is below 0");
  return {{joined(Shape{rows}, x, indices.rank(), in.op.name), in.in[0].dtype}};
}

// Elements of a row, as a kernel walks them.
struct Cols {
  uint32_t cols;
  bool wide;
  Divisor divide;
};
Cols cols_of(int64_t elements, int64_t rows) {
  Cols c{static_cast<uint32_t>(elements / rows), false, {}};
  c.wide = c.cols % 4 == 0;
  if (c.wide) c.cols /= 4;
  if (c.cols >= 2) c.divide = divisor(c.cols);
  return c;
}

uint32_t walked(const TensorDesc& desc, const char* who) {
  const uint32_t count = count32(desc, who);
  require(count < (1u << 31), ErrorCode::unsupported, who, ": ", desc, " has ", count,
          " elements, the limit of this kernel is ", 1u << 31);
  return count;
}

std::vector<Dispatch> lower_gather(Lower& c) {
  const auto attrs = c.attrs<GatherAttrs>();
  using namespace shaders;
  const uint32_t count = walked(c.out(), c.node().op->name);
  if (count == 0) return {};
  const Cols cols = cols_of(count, c.in(1).elements());
  const float scale = static_cast<float>(attrs.scale), shift = static_cast<float>(attrs.shift);
  const GatherSpec spec{.workgroup_size = 64,
                        .format = format_of(c.in(0).dtype),
                        .result_format = format_of(c.out().dtype),
                        .wide = cols.wide,
                        .plain = c.in(0).dtype != DType::u8 && scale == 1 && shift == 0};
  const GatherParams params{.count = count,
                            .rows = static_cast<uint32_t>(c.in(0).shape[0]),
                            .cols = cols.cols,
                            .multiplier = cols.divide.multiplier,
                            .shift = cols.divide.shift,
                            .scale = scale,
                            .offset = shift,
                            .fill = static_cast<float>(attrs.fill)};
  const uint64_t read = count * size_of(c.in(0).dtype);
  return {{.kernel = &c.kernel("gather"),
           .tensors = {in_words(c.x(0)), c.x(1), in_words(c.y())},
           .spec = spec,
           .params = params,
           .groups = divide_up(divide_up(count, 4), spec.workgroup_size),
           .cost = {read + c.in(1).bytes() + c.out().bytes(), 2ull * count}}};
}

// By the numbers of shaders/scatter_add.h.
constexpr const char* kScatters[] = {"scatter_add", "scatter_max", "scatter_min", "scatter_multiply"};

std::vector<Dispatch> lower_scatter(Lower& c) {
  using namespace shaders;
  const uint32_t count = walked(c.out(), c.node().op->name);
  if (count == 0) return {};
  uint32_t function = 0;
  while (std::string_view(kScatters[function]) != c.node().op->name) ++function;
  const uint32_t rows = static_cast<uint32_t>(c.out().shape[0]);
  const uint32_t indices = count32(c.in(1), c.node().op->name);
  const Cols cols = cols_of(count, rows);
  // An invocation looks through all positions of a part, and may find itself in each, for each of its elements.
  const auto most = static_cast<uint32_t>(cols.wide ? 2 * kMostRounds : kMostRounds / 2);
  const TensorRef head = c.scratch(4ull * rows), next = c.scratch(4ull * std::clamp(indices, 1u, most));
  // Nothing is read of an empty x or of no indices, but something must be bound.
  const TensorRef x = c.in(0).bytes() ? in_words(c.x(0)) : head, y = in_words(c.y());
  const TensorRef sums = c.out().dtype == DType::f32 || indices <= most ? y : c.scratch(4ull * count);
  std::vector<Dispatch> list;
  for (uint32_t first = 0; first == 0 || first < indices; first += most) {
    const uint32_t part = std::min(indices - first, most);
    const ScatterLinksSpec links{.workgroup_size = 64};
    const ScatterAddSpec add{.workgroup_size = 64,
                             .format = format_of(c.out().dtype),
                             .wide = cols.wide,
                             .last = first + part == indices,
                             .function = function};
    list.push_back({.kernel = &c.kernel("scatter_links"),
                    .tensors = {indices ? c.x(1) : next, head, next},
                    .spec = links,
                    .params = ScatterLinksParams{rows, part, first},
                    .groups = divide_up(rows, links.workgroup_size),
                    .cost = {4ull * rows + 8ull * part, uint64_t{rows} * part}});
    list.push_back({.kernel = &c.kernel("scatter_add"),
                    .tensors = {x, head, next, y, sums},
                    .spec = add,
                    .params = ScatterAddParams{count, cols.cols, cols.divide.multiplier, cols.divide.shift, first},
                    .groups = divide_up(divide_up(count, 4), add.workgroup_size),
                    .cost = {c.in(0).bytes() + c.out().bytes(), c.in(0).elements() + uint64_t{count}}});
  }
  return list;
}

std::vector<Value> grad_gather(Grad& g) {
  const Value dx = scatter_add(g.dy(), g.in(1), g.in(0).shape()[0]);
  const double scale = g.attrs<GatherAttrs>().scale;
  return {scale == 1 ? dx : affine(dx, static_cast<float>(scale), 0)};
}

std::vector<Value> grad_scatter(Grad& g) { return {gather(g.dy(), g.in(1))}; }

// Elements that are equally large share it.
std::vector<Value> grad_extreme_scatter(Grad& g) {
  const Value x = g.in(0), at = g.in(1), y = g.out();
  const Value mine = cast(equal(x, gather(y, at)), x.dtype()), count = scatter_add(mine, at, y.shape()[0]);
  return {mine * gather(g.dy() / maximum(count, g.graph.scalar(1)), at)};
}

// The product of the others: y / x, or where x alone is 0 the product without it.
std::vector<Value> grad_multiply_scatter(Grad& g) {
  const Value x = g.in(0), at = g.in(1), y = g.out(), one = full(g.graph, {}, 1, x.dtype());
  const Value zero = equal(x, zeros(g.graph, {}, x.dtype())), others = where(zero, one, x);
  const int64_t rows = y.shape()[0];
  const Value alone = equal(scatter_add(cast(zero, x.dtype()), at, rows), one) * scatter_multiply(others, at, rows);
  return {where(zero, gather(g.dy() * alone, at), gather(g.dy() * y, at) / others)};
}

int64_t scatter_limit(const Infer& in, size_t input) { return input == 1 ? in.attrs<ScatterAttrs>().rows : -1; }

constexpr OpDef define_scatter(const char* name, std::vector<Value> (*grad)(Grad&)) {
  return {.name = name,
          .infer = infer_scatter,
          .grad = grad,
          .lower = lower_scatter,
          .reference = reference::scatter,
          .attrs = attrs_of<ScatterAttrs>,
          .index_limit = scatter_limit};
}

const OpDef kGatherOps[] = {
    {.name = "gather",
     .infer = infer_gather,
     .grad = grad_gather,
     .lower = lower_gather,
     .reference = reference::gather,
     .attrs = attrs_of<GatherAttrs>,
     .index_limit = rows_limit},
    define_scatter("scatter_add", grad_scatter),
    define_scatter("scatter_max", grad_extreme_scatter),
    define_scatter("scatter_min", grad_extreme_scatter),
    define_scatter("scatter_multiply", grad_multiply_scatter),
};

}  // namespace

std::span<const OpDef> gather_ops() { return kGatherOps; }
const OpDef& gather_op(size_t i) { return kGatherOps[i]; }

}  // namespace lemnos::ops

namespace lemnos {

Value gather(Value x, Value indices, GatherOptions options) {
  return x.graph().add(ops::gather_op(0), {x, indices},
                       GatherAttrs{.scale = options.scale, .shift = options.shift, .fill = options.fill});
}

Value embedding(Value weight, Value indices) { return gather(weight, indices); }

Value index_select(Value x, Value indices, int64_t axis) {
  const size_t at = x.shape().axis(axis, "index_select");
  require(indices.shape().rank() == 1, ErrorCode::shape_mismatch, "index_select: indices ", indices.desc(),
          " take one axis");
  if (at == 0) return gather(x, indices);
  std::vector<int64_t> front{static_cast<int64_t>(at)}, back;
  for (size_t i = 0; i < x.shape().rank(); ++i) {
    if (i != at) front.push_back(static_cast<int64_t>(i));
    back.push_back(i == at ? 0 : static_cast<int64_t>(i < at ? i + 1 : i));
  }
  return permute(gather(permute(x, front), indices), back);
}

namespace {
Value scatter(size_t function, Value x, Value indices, int64_t rows) {
  return x.graph().add(ops::gather_op(1 + function), {x, indices}, ScatterAttrs{.rows = rows});
}
}  // namespace
Value scatter_add(Value x, Value indices, int64_t rows) { return scatter(SCATTER_ADD, x, indices, rows); }
Value scatter_max(Value x, Value indices, int64_t rows) { return scatter(SCATTER_MAX, x, indices, rows); }
Value scatter_min(Value x, Value indices, int64_t rows) { return scatter(SCATTER_MIN, x, indices, rows); }
Value scatter_multiply(Value x, Value indices, int64_t rows) { return scatter(SCATTER_MULTIPLY, x, indices, rows); }

}  // namespace lemnos
