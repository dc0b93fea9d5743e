// upsample: planes x[.., H, W] at the extents `size`, each result from its nearest element or between its four
// neighbours; upsample_backward: dx, gathered from the results that read an element. The two are transposes of each
// other.

#include "shaders/upsample.h"

#include "lemnos/ops.h"
#include "ops/formats.h"
#include "ops/lowering.h"
#include "reference/upsample.h"

namespace lemnos::ops {
namespace {

std::vector<TensorDesc> infer_upsample(const Infer& in) {
  require_inputs(in, 1);
  require_float(in, 0);
  const Shape& x = in.in[0].shape;
  const std::vector<int64_t> size = in.attrs<UpsampleAttrs>().size;
  const size_t rank = x.rank();
  require(rank >= 2 && x.elements() > 0, ErrorCode::shape_mismatch, in.op.name, ": x ", in.in[0],
          " takes two axes at least, and elements");
  constexpr int64_t kMost = 1 << 14;  // products of extents stay within an int
  require(size.size() == 2 && size[0] >= 1 && size[1] >= 1, ErrorCode::invalid_argument, in.op.name, ": size has ",
          size.size(), " entries, it takes 2, each at least 1");
  for (const int64_t extent : {x[rank - 2], x[rank - 1], size[0], size[1]})
    require(extent <= kMost, ErrorCode::unsupported, in.op.name, ": an extent of ", extent, ", at most ", kMost);
  return {{x.with(rank - 2, size[0]).with(rank - 1, size[1]), in.in[0].dtype}};
}

std::vector<Dispatch> lower_as_upsample(Lower& c, const Shape& x, const Shape& y, bool backward) {
  const auto attrs = c.attrs<UpsampleAttrs>();
  using namespace shaders;
  const size_t rank = x.rank();
  const bool linear = attrs.linear, aligned = attrs.align_corners;
  const reference::Resize h = reference::resize(x[rank - 2], y[rank - 2], linear, aligned);
  const reference::Resize w = reference::resize(x[rank - 1], y[rank - 1], linear, aligned);
  const auto i32 = [](int64_t v) { return static_cast<int32_t>(v); };
  const auto u32 = [](int64_t v) { return static_cast<uint32_t>(v); };
  const uint32_t count = count32(c.out(), c.node().op->name);
  count32(c.in(0), c.node().op->name);
  const UpsampleSpec spec{
      .workgroup_size = 64, .format = format_of(c.out().dtype), .linear = linear, .backward = backward};
  const UpsampleParams params{.count = count,
                              .height = u32(x[rank - 2]),
                              .width = u32(x[rank - 1]),
                              .out_height = u32(y[rank - 2]),
                              .out_width = u32(y[rank - 1]),
                              .mul_h = i32(h.mul),
                              .add_h = i32(h.add),
                              .den_h = i32(h.den),
                              .mul_w = i32(w.mul),
                              .add_w = i32(w.add),
                              .den_w = i32(w.den)};
  return {{.kernel = &c.kernel("upsample"),
           .tensors = {in_words(c.x(0)), in_words(c.y())},
           .spec = spec,
           .params = params,
           .groups = divide_up(divide_up(count, 4), spec.workgroup_size),
           .cost = {c.in(0).bytes() + c.out().bytes(), (linear ? 8ull : 1ull) * static_cast<uint64_t>(y.elements())}}};
}

std::vector<Dispatch> lower_upsample(Lower& c) { return lower_as_upsample(c, c.in(0).shape, c.out().shape, false); }
std::vector<Dispatch> lower_upsample_backward(Lower& c) {
  return lower_as_upsample(c, c.out().shape, c.in(0).shape, true);
}

std::vector<Value> grad_upsample(Grad& g);
std::vector<Value> grad_upsample_backward(Grad& g);

const OpDef kUpsampleOps[] = {
    {"upsample", infer_upsample, grad_upsample, lower_upsample, reference::upsample, attrs_of<UpsampleAttrs>},
    {"upsample_backward", infer_upsample, grad_upsample_backward, lower_upsample_backward, reference::upsample_backward,
     attrs_of<UpsampleAttrs>},
};

std::vector<Value> transposed(Grad& g, const OpDef& op) {
  const Shape& x = g.in(0).shape();
  auto attrs = g.attrs<UpsampleAttrs>();
  attrs.size = {x[x.rank() - 2], x[x.rank() - 1]};
  return {g.graph.add(op, {g.dy()}, attrs)};
}
std::vector<Value> grad_upsample(Grad& g) { return transposed(g, kUpsampleOps[1]); }
std::vector<Value> grad_upsample_backward(Grad& g) { return transposed(g, kUpsampleOps[0]); }

}  // namespace

std::span<const OpDef> upsample_ops() { return kUpsampleOps; }
const OpDef& upsample_op() { return kUpsampleOps[0]; }

}  // namespace lemnos::ops

namespace lemnos {

std::span<const char* const> words_of(UpsampleMode) {
  static constexpr const char* kWords[] = {"nearest", "bilinear", "nearest_exact", "bicubic", "area"};
  return kWords;
}

Value upsample(Value x, std::array<int64_t, 2> size, UpsampleOptions options) {
  if (options.antialias || (options.mode != UpsampleMode::nearest && options.mode != UpsampleMode::bilinear))
    return interpolate(x, {size[0], size[1]}, options);
  // The gradient of an element sums over all results that read it. If these are many, one axis is summed after the
  // other.
  const size_t rank = x.shape().rank();
  if (rank >= 2 && x.shape()[rank - 2] > 0 && x.shape()[rank - 1] > 0 && size[0] != x.shape()[rank - 2] &&
      size[1] != x.shape()[rank - 1] &&
      (size[0] / x.shape()[rank - 2]) * (size[1] / x.shape()[rank - 1]) > static_cast<int64_t>(ops::kMostRounds) / 8)
    return upsample(upsample(x, {x.shape()[rank - 2], size[1]}, options), size, options);
  return x.graph().add(ops::upsample_op(), {x},
                       UpsampleAttrs{.size = {size[0], size[1]},
                                     .linear = options.mode == UpsampleMode::bilinear,
                                     .align_corners = options.align_corners});
}

}  // namespace lemnos
