// max_pool2d, avg_pool2d: the maximum or the average of each window of the planes x[.., H, W]. Windows are given by
// kernel, stride, padding and dilation, or, with `size`, by the extents of y: place i then covers [i H / OH, (i + 1) H
// / OH) rounded outwards. Backward gathers, so it needs no atomics and no saved index: of equal maxima the first gets
// the gradient.
//
// max_pool2d_pick: for each window the element of g at the maximum of x, which is the second derivative's gradient of a
// maximum.

#include "shaders/pool.h"

#include <algorithm>

#include "lemnos/ops.h"
#include "ops/broadcast.h"
#include "ops/formats.h"
#include "ops/lowering.h"
#include "reference/pool.h"

namespace lemnos::ops {
namespace {

using reference::Windows;

constexpr int64_t kMostAlong = 2 * kMostRounds;  // elements of a window along one axis: rounds of one invocation

// Kernels divide by multiplication, which counts to 2^31.
uint32_t count31(const TensorDesc& desc, const char* op) {
  const uint32_t count = count32(desc, op);
  require(count < (1u << 31), ErrorCode::unsupported, op, ": ", desc, " has ", count,
          " elements, the limit of this kernel is ", 1u << 31);
  return count;
}

Windows windows_of(const PoolAttrs& attrs, int64_t height, int64_t width, const char* op) {
  const bool adapted = !attrs.size.empty();
  const auto require_pair = [&](const char* name, const std::vector<int64_t>& given, int64_t least) {
    require(given.empty() || (given.size() == 2 && given[0] >= least && given[1] >= least), ErrorCode::invalid_argument,
            op, ": ", name, " has ", given.size(), " entries, it takes 2, each at least ", least);
  };
  require_pair("size", attrs.size, 1);
  require_pair("kernel", attrs.kernel, 1);
  require_pair("stride", attrs.stride, 1);
  require_pair("padding", attrs.padding, 0);
  require_pair("dilation", attrs.dilation, 1);
  require(adapted || !attrs.kernel.empty(), ErrorCode::invalid_argument, op, ": a kernel or a size is required");
  const Windows w = reference::windows(attrs, height, width);
  for (size_t i = 0; i < 2 && !adapted; ++i) {
    require(w.kernel[i] <= kMostAlong, ErrorCode::unsupported, op, ": a window of ", w.kernel[i],
            " elements along one axis; it takes at most ", kMostAlong);
    require(2 * w.padding[i] <= w.kernel[i], ErrorCode::invalid_argument, op, ": padding ", w.padding[i],
            " is more than half of the kernel ", w.kernel[i]);
    require(w.out[i] >= 1, ErrorCode::shape_mismatch, op, ": a window of ", w.kernel[0], "x", w.kernel[1],
            " with dilation ", w.dilation[i], " does not fit a plane of ", height, "x", width, " padded by ",
            w.padding[i]);
  }
  return w;
}

std::vector<TensorDesc> infer_windows(const Infer& in) {
  require_float(in, 0);
  const Shape& x = in.in[0].shape;
  const size_t rank = x.rank();
  require(rank >= 2, ErrorCode::shape_mismatch, in.op.name, ": x ", in.in[0], " takes two axes at least");
  require(x[rank - 2] > 0 && x[rank - 1] > 0, ErrorCode::shape_mismatch, in.op.name, ": the planes of x ", in.in[0],
          " are empty");
  const Windows w = windows_of(in.attrs<PoolAttrs>(), x[rank - 2], x[rank - 1], in.op.name);
  return {{x.with(rank - 2, w.out[0]).with(rank - 1, w.out[1]), in.in[0].dtype}};
}

std::vector<TensorDesc> infer_pool(const Infer& in) {
  require_inputs(in, 1);
  return infer_windows(in);
}

// Inputs x and g.
std::vector<TensorDesc> infer_pick(const Infer& in) {
  require_inputs(in, 2);
  require_same(in, 0, 1);
  return infer_windows(in);
}

// Inputs x, y, dy of a maximum; dy alone of an average.
std::vector<TensorDesc> infer_pool_backward(const Infer& in) {
  const auto attrs = in.attrs<PoolBackwardAttrs>();
  const bool maximum = attrs.function == POOL_MAX;
  require_inputs(in, maximum ? 3 : 1);
  const TensorDesc& dy = in.in.back();
  const size_t rank = dy.shape.rank();
  const int64_t height = attrs.height, width = attrs.width;
  const Windows w = windows_of(attrs.pool, height, width, in.op.name);
  require(rank >= 2 && dy.shape[rank - 2] == w.out[0] && dy.shape[rank - 1] == w.out[1], ErrorCode::shape_mismatch,
          in.op.name, ": dy ", dy, " for planes of ", height, "x", width);
  const TensorDesc dx{dy.shape.with(rank - 2, height).with(rank - 1, width), dy.dtype};
  if (maximum) {
    require_same(in, 1, 2);
    require(in.in[0] == dx, ErrorCode::shape_mismatch, in.op.name, ": x is ", in.in[0], " where ", dx, " was pooled");
  }
  return {dx};
}

// Do all windows lie inside of x, `fill`ing it, and is one so small that a kernel unrolls it?
bool are_whole(const Windows& w, bool fill) {
  bool whole = !w.adapted && w.kernel[0] * w.kernel[1] <= 16;
  for (size_t i = 0; i < 2 && whole; ++i) {
    const int64_t reach = (w.out[i] - 1) * w.stride[i] + (w.kernel[i] - 1) * w.dilation[i] + 1;
    whole = w.padding[i] == 0 && (fill ? w.kernel[i] == w.stride[i] && reach == w.extent[i] : reach <= w.extent[i]);
  }
  return whole;
}

Dispatch launch_pool(Lower& c, const char* kernel, uint32_t function, const Shape& x, std::vector<TensorRef> tensors,
                     bool backward) {
  using namespace shaders;
  const int64_t height = x[x.rank() - 2], width = x[x.rank() - 1];
  const auto attrs = c.attrs<PoolAttrs>();
  const Windows w = reference::windows(attrs, height, width);
  const auto i32 = [](int64_t v) { return static_cast<int32_t>(v); };
  const auto u32 = [](int64_t v) { return static_cast<uint32_t>(v); };
  for (size_t i = 0; i < c.inputs(); ++i) count31(c.in(i), c.node().op->name);
  PoolSpec spec{.workgroup_size = 64,
                .format = format_of(c.out().dtype),
                .function = function,
                .adapted = w.adapted,
                .count_pad = attrs.count_pad,
                .stride_h = i32(w.stride[0]),
                .stride_w = i32(w.stride[1]),
                .dilation_h = i32(w.dilation[0]),
                .dilation_w = i32(w.dilation[1]),
                .kernel_h = i32(w.kernel[0]),
                .kernel_w = i32(w.kernel[1])};
  spec.owning = backward && !w.adapted && c.out().dtype == DType::f32 && w.dilation == std::array<int64_t, 2>{1, 1} &&
                w.stride[0] >= w.kernel[0] && w.stride[1] >= w.kernel[1];
  spec.whole = are_whole(w, spec.owning);
  PoolParams params{.count = count31(c.out(), c.node().op->name),
                    .rows = u32(backward ? height : w.out[0]),
                    .columns = u32(backward ? width : w.out[1]),
                    .height = u32(height),
                    .width = u32(width),
                    .out_height = u32(w.out[0]),
                    .out_width = u32(w.out[1]),
                    .pad_h = i32(w.padding[0]),
                    .pad_w = i32(w.padding[1])};
  if (spec.owning) {  // the last cells of an axis may have no window
    params.rows = u32((height + w.padding[0] + w.stride[0] - 1) / w.stride[0]);
    params.columns = u32((width + w.padding[1] + w.stride[1] - 1) / w.stride[1]);
    params.count = u32(x.elements() / (height * width)) * params.rows * params.columns;
  }
  const Divisor rows = params.rows > 1 ? divisor(params.rows) : Divisor{};
  const Divisor columns = params.columns > 1 ? divisor(params.columns) : Divisor{};
  params.rows_multiplier = rows.multiplier;
  params.rows_shift = rows.shift;
  params.columns_multiplier = columns.multiplier;
  params.columns_shift = columns.shift;
  Cost cost{.bytes = c.out().bytes(), .flops = static_cast<uint64_t>(x.elements())};
  for (size_t i = 0; i < c.inputs(); ++i) cost.bytes += c.in(i).bytes();
  return {.kernel = &c.kernel(kernel),
          .tensors = std::move(tensors),
          .spec = spec,
          .params = params,
          .groups = divide_up(spec.owning ? params.count : divide_up(params.count, 4), spec.workgroup_size),
          .cost = cost};
}

std::vector<Dispatch> lower_pool(Lower& c) {
  const bool maximum = std::string_view(c.node().op->name) == "max_pool2d";
  return {launch_pool(c, "pool", maximum ? POOL_MAX : POOL_AVERAGE, c.in(0).shape, {in_words(c.x(0)), in_words(c.y())},
                      false)};
}

std::vector<Dispatch> lower_pick(Lower& c) {
  return {launch_pool(c, "pool_pick", POOL_MAX, c.in(0).shape, {in_words(c.x(0)), in_words(c.x(1)), in_words(c.y())},
                      false)};
}

std::vector<Dispatch> lower_pool_backward(Lower& c) {
  const TensorRef dy = in_words(c.x(c.inputs() - 1));
  const bool maximum = c.inputs() == 3;
  return {launch_pool(c, "pool_backward", maximum ? POOL_MAX : POOL_AVERAGE, c.out().shape,
                      {maximum ? in_words(c.x(0)) : dy, maximum ? in_words(c.x(1)) : dy, dy, in_words(c.y())}, true)};
}

std::vector<Value> grad_pool(Grad& g);
std::vector<Value> grad_pick(Grad& g);
std::vector<Value> grad_pool_backward(Grad& g);

const OpDef kPoolOps[] = {
    {"max_pool2d", infer_pool, grad_pool, lower_pool, reference::max_pool2d, attrs_of<PoolAttrs>},
    {"avg_pool2d", infer_pool, grad_pool, lower_pool, reference::avg_pool2d, attrs_of<PoolAttrs>},
    {"pool2d_backward", infer_pool_backward, grad_pool_backward, lower_pool_backward, reference::pool2d_backward,
     attrs_of<PoolBackwardAttrs>},
    {"max_pool2d_pick", infer_pick, grad_pick, lower_pick, reference::max_pool2d_pick, attrs_of<PoolAttrs>},
};

// `inputs`: x, y, dy of a maximum, dy of an average.
Value add_backward(Graph& graph, std::initializer_list<Value> inputs, const Shape& x, const PoolAttrs& attrs) {
  return graph.add(kPoolOps[2], inputs,
                   PoolBackwardAttrs{.pool = attrs,
                                     .function = inputs.size() == 3 ? POOL_MAX : POOL_AVERAGE,
                                     .height = x[x.rank() - 2],
                                     .width = x[x.rank() - 1]});
}

std::vector<Value> grad_pool(Grad& g) {
  const Shape x = g.in(0).shape();
  const auto attrs = g.attrs<PoolAttrs>();
  if (g.self().op == &kPoolOps[0]) return {add_backward(g.graph, {g.in(0), g.out(), g.dy()}, x, attrs)};
  return {add_backward(g.graph, {g.dy()}, x, attrs)};
}

// Each is linear in the gradient that it takes, and the transpose of the other. In x a maximum is made of straight
// pieces.
std::vector<Value> grad_pool_backward(Grad& g) {
  const auto attrs = g.attrs<PoolAttrs>();
  if (g.inputs() == 1) return {g.graph.add(kPoolOps[1], {g.dy()}, attrs)};
  return {{}, {}, g.needs(2) ? g.graph.add(kPoolOps[3], {g.in(0), g.dy()}, attrs) : Value()};
}

std::vector<Value> grad_pick(Grad& g) {
  const auto attrs = g.attrs<PoolAttrs>();
  const Value x = g.in(0);
  if (!g.needs(1)) return {};
  const Value y = g.graph.add(kPoolOps[0], {x}, attrs);
  return {{}, add_backward(g.graph, {x, y, g.dy()}, x.shape(), attrs)};
}

std::vector<int64_t> pair(const std::array<int64_t, 2>& v) { return {v[0], v[1]}; }

}  // namespace

std::span<const OpDef> pool_ops() { return kPoolOps; }

namespace {
bool is_stepped(const Pool2dOptions& o) { return o.stride[0] || o.stride[1]; }
bool is_large(const Pool2dOptions& o) {
  return std::min(o.kernel[0], o.kernel[1]) > 1 && o.kernel[0] * o.kernel[1] > static_cast<int64_t>(kMostRounds);
}

// A large window is one along rows and then one along columns: the same maxima, and the same averages, because how
// many elements count is a product too.
std::array<Pool2dOptions, 2> in_two(const Pool2dOptions& o) {
  Pool2dOptions along = o, down = o;
  along.kernel[0] = along.dilation[0] = down.kernel[1] = down.dilation[1] = 1;
  along.padding[0] = down.padding[1] = 0;
  along.stride = {1, is_stepped(o) ? o.stride[1] : o.kernel[1]};
  down.stride = {is_stepped(o) ? o.stride[0] : o.kernel[0], 1};
  return {along, down};
}

PoolAttrs attrs_of_pool(const Pool2dOptions& o) {
  return {.kernel = pair(o.kernel),
          .stride = is_stepped(o) ? pair(o.stride) : std::vector<int64_t>{},
          .padding = pair(o.padding),
          .dilation = pair(o.dilation),
          .ceil = o.ceil,
          .count_pad = o.count_include_pad};
}
}  // namespace

Value pool(size_t op, Value x, const Pool2dOptions& o) {
  if (is_large(o)) {
    const auto [along, down] = in_two(o);
    return pool(op, pool(op, x, along), down);
  }
  return x.graph().add(kPoolOps[op], {x}, attrs_of_pool(o));
}
// The same for the elements at the maxima of x.
Value pool_pick(Value x, Value values, const Pool2dOptions& o) {
  if (is_large(o)) {
    const auto [along, down] = in_two(o);
    return pool_pick(pool(0, x, along), pool_pick(x, values, along), down);
  }
  return x.graph().add(kPoolOps[3], {x, values}, attrs_of_pool(o));
}
Value pool_to(size_t op, Value x, std::array<int64_t, 2> size) {
  return x.graph().add(kPoolOps[op], {x}, PoolAttrs{.size = pair(size)});
}

Value pool_pick_to(Value x, Value values, std::array<int64_t, 2> size) {
  return x.graph().add(kPoolOps[3], {x, values}, PoolAttrs{.size = pair(size)});
}

// The place of each element in its plane, as numbers that f32 holds exactly.
Value places(const char* who, Value x) {
  const size_t rank = x.shape().rank();
  require(rank >= 2, ErrorCode::shape_mismatch, who, ": x ", x.desc(), " takes two axes at least");
  const int64_t height = x.shape()[rank - 2], width = x.shape()[rank - 1], plane = height * width;
  require(plane <= int64_t{1} << 24, ErrorCode::unsupported, who, ": a plane of ", plane, " elements, at most ",
          int64_t{1} << 24);
  const Value numbers = cast(range(x.graph(), 0, plane), DType::f32);
  return broadcast_to(reshape(numbers, Shape{height, width}), x.shape());
}

Value planes(const char* who, Value x) {
  require(x.shape().rank() >= 3, ErrorCode::shape_mismatch, who, ": x ", x.desc(), " takes three axes at least");
  return x;
}

}  // namespace lemnos::ops

namespace lemnos {

Value max_pool2d(Value x, Pool2dOptions options) { return ops::pool(0, x, options); }
Value max_pool2d_pick(Value x, Value values, Pool2dOptions options) { return ops::pool_pick(x, values, options); }
Value max_pool2d_indices(Value x, Pool2dOptions options) {
  return cast(ops::pool_pick(cast(x, DType::f32), ops::places("max_pool2d_indices", x), options), DType::i32);
}
Value adaptive_max_pool2d_pick(Value x, Value values, std::array<int64_t, 2> size) {
  return ops::pool_pick_to(x, values, size);
}
Value avg_pool2d(Value x, Pool2dOptions options) {
  require(options.dilation == std::array<int64_t, 2>{1, 1}, ErrorCode::invalid_argument,
          "avg_pool2d: takes no dilation, it is ", options.dilation[0], " and ", options.dilation[1]);
  return ops::pool(1, x, options);
}
Value adaptive_max_pool2d(Value x, std::array<int64_t, 2> size) { return ops::pool_to(0, x, size); }
Value adaptive_avg_pool2d(Value x, std::array<int64_t, 2> size) { return ops::pool_to(1, x, size); }
Value global_avg_pool2d(Value x) { return mean(ops::planes("global_avg_pool2d", x), {-2, -1}); }
Value global_max_pool2d(Value x) { return reduce_max(ops::planes("global_max_pool2d", x), {-2, -1}); }

}  // namespace lemnos
