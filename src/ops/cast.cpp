// cast: y = x in another element type. To an integer towards zero, within its range, and 0 for NaN; to a boolean x !=
// 0.

#include "shaders/cast.h"

#include "lemnos/ops.h"
#include "ops/formats.h"
#include "ops/lowering.h"
#include "reference/cast.h"

namespace lemnos::ops {
namespace {

std::vector<TensorDesc> infer_cast(const Infer& in) {
  require_inputs(in, 1);
  return {{in.in[0].shape, in.attrs<CastAttrs>().dtype}};
}

std::vector<Dispatch> lower_cast(Lower& c) {
  using namespace shaders;
  const uint32_t count = count32(c.out(), c.node().op->name);
  const CastSpec spec{
      .workgroup_size = 64, .format = format_of(c.in(0).dtype), .result_format = format_of(c.out().dtype)};
  return {{.kernel = &c.kernel("cast"),
           .tensors = {in_words(c.x(0)), in_words(c.y())},
           .spec = spec,
           .params = CastParams{count},
           .groups = divide_up(divide_up(count, 4), spec.workgroup_size),
           .cost = {c.in(0).bytes() + c.out().bytes(), count}}};
}

// Nothing flows back through whole numbers.
std::vector<Value> grad_cast(Grad& g) {
  if (!is_floating(g.out().dtype()) || !is_floating(g.in(0).dtype())) return {};
  return {cast(g.dy(), g.in(0).dtype())};
}

const OpDef kCastOps[] = {{"cast",
                           infer_cast,
                           grad_cast,
                           lower_cast,
                           reference::cast,
                           attrs_of<CastAttrs>,
                           {},
                           {},
                           {},
                           {},
                           nullptr,
                           rows_of_output}};

}  // namespace

std::span<const OpDef> cast_ops() { return kCastOps; }
Value cast_to(Value x, DType dtype) {
  return x.dtype() == dtype ? x : x.graph().add(kCastOps[0], {x}, CastAttrs{.dtype = dtype});
}

}  // namespace lemnos::ops

namespace lemnos {
Value cast(Value x, DType dtype) { return ops::cast_to(x, dtype); }
}  // namespace lemnos
