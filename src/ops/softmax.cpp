// softmax:     y = exp(x - max(x)) / sum(exp(x - max(x)))          dx = y * (dy - sum(y * dy))
// log_softmax: y = x - max(x) - log(sum(exp(x - max(x))))          dx = dy - exp(y) * sum(dy)
// along the last axis; another one is exchanged with it.

#include "shaders/softmax.h"

#include "lemnos/ops.h"
#include "ops/lowering.h"
#include "ops/team.h"
#include "reference/softmax.h"
#include "shaders/softmax_backward.h"

namespace lemnos::ops {
namespace {

std::vector<TensorDesc> infer_softmax(const Infer& in) {
  require_inputs(in, 1);
  require_float(in, 0);
  require(in.in[0].shape.rank() >= 1, ErrorCode::invalid_argument, in.op.name, ": x needs at least one axis");
  return {in.in[0]};
}

std::vector<TensorDesc> infer_softmax_backward(const Infer& in) {
  require_inputs(in, 2);
  require_same(in, 0, 1);
  return {in.in[0]};
}

template <typename Spec, typename Params>
std::vector<Dispatch> lower_rows(Lower& c, const char* stem, std::vector<TensorRef> tensors) {
  const auto [rows, cols] = as_rows(c.out().shape);
  const bool logarithm = c.attrs<SoftmaxAttrs>().logarithm;
  const Team team = team_of(c, rows, cols, c.inputs());
  const Spec spec{.workgroup_size = team.workgroup_size,
                  .team = team.kind,
                  .wide = cols % 4 == 0,
                  .held = team.held,
                  .cols = team.held ? cols : 0,
                  .logarithm = logarithm};
  return {{.kernel = &c.kernel(kernel_name(stem, c.out().dtype, c.caps) + "." + c.variant()),
           .tensors = std::move(tensors),
           .spec = spec,
           .params = Params{.rows = rows, .cols = cols, .rows_per_group = team.rows_per_group},
           .groups = divide_up(rows, team.rows_per_group),
           .cost = {(c.inputs() + 1) * c.out().bytes(), 5ull * rows * cols}}};
}

std::vector<Dispatch> lower_softmax(Lower& c) {
  return lower_rows<shaders::SoftmaxSpec, shaders::SoftmaxParams>(c, "softmax", {c.x(0), c.y()});
}
std::vector<Dispatch> lower_softmax_backward(Lower& c) {
  return lower_rows<shaders::SoftmaxBackwardSpec, shaders::SoftmaxBackwardParams>(c, "softmax_backward",
                                                                                  {c.x(0), c.x(1), c.y()});
}

std::vector<Value> grad_softmax(Grad& g);
std::vector<Value> grad_softmax_backward(Grad& g);

// One row is normalised as a whole.
uint32_t softmax_by_rows(const Lower& c) { return c.out().shape.rank() > 1 ? rows_of_output(c) : 0; }

const OpDef kSoftmaxOps[] = {
    {"softmax",
     infer_softmax,
     grad_softmax,
     lower_softmax,
     reference::softmax,
     attrs_of<SoftmaxAttrs>,
     kRowVariants,
     {},
     {},
     {},
     nullptr,
     softmax_by_rows},
    {"softmax_backward",
     infer_softmax_backward,
     grad_softmax_backward,
     lower_softmax_backward,
     reference::softmax_backward,
     attrs_of<SoftmaxAttrs>,
     kRowVariants,
     {},
     {},
     {},
     nullptr,
     softmax_by_rows},
};

std::vector<Value> grad_softmax(Grad& g) { return {g.graph.add(kSoftmaxOps[1], {g.out(), g.dy()}, g.self().attrs)}; }

// Of dx = y (dy - sum(y dy)), and of dx = dy - exp(y) sum(dy), for `y` and `dy` whose gradient is `g.dy()`.
std::vector<Value> grad_softmax_backward(Grad& g) {
  const Value y = g.in(0), dy = g.in(1), ddx = g.dy();
  const auto of_row = [](Value v) { return sum(v, {-1}, true); };
  std::vector<Value> found(2);
  if (g.attrs<SoftmaxAttrs>().logarithm) {
    const Value p = exp(y);
    if (g.needs(0)) found[0] = -(ddx * p * of_row(dy));
    if (g.needs(1)) found[1] = ddx - of_row(ddx * p);
  } else {
    if (g.needs(0)) found[0] = ddx * (dy - of_row(y * dy)) - dy * of_row(y * ddx);
    if (g.needs(1)) found[1] = g.graph.add(kSoftmaxOps[1], {y, ddx}, SoftmaxAttrs{});
  }
  return found;
}

Value along(Value x, int64_t axis, bool logarithm) {
  const size_t at = x.shape().axis(axis, logarithm ? "log_softmax" : "softmax"), last = x.shape().rank() - 1;
  if (at == last) return x.graph().add(kSoftmaxOps[0], {x}, SoftmaxAttrs{.logarithm = logarithm});
  std::vector<int64_t> exchanged;
  for (size_t i = 0; i <= last; ++i) exchanged.push_back(static_cast<int64_t>(i == at ? last : i == last ? at : i));
  return permute(along(permute(x, exchanged), -1, logarithm), exchanged);
}

}  // namespace

std::span<const OpDef> softmax_ops() { return kSoftmaxOps; }
Value softmax_along(Value x, int64_t axis, bool logarithm) { return along(x, axis, logarithm); }

}  // namespace lemnos::ops

namespace lemnos {
Value softmax(Value x, int64_t axis) { return ops::softmax_along(x, axis, false); }
Value log_softmax(Value x, int64_t axis) { return ops::softmax_along(x, axis, true); }
}  // namespace lemnos
