// What Adafactor (Shazeer and Stern, 2018) does beside its sums, over one tensor, in place, t the number of the update:
//
//   adafactor_variance   v += t^exponent (s - v)                               s: the new mean squares
//   adafactor_update     p *= 1 - lr weight_decay;  p -= min(lr, 1 / sqrt(t)) scale x

#include "ops/adafactor.h"

#include "ops/lowering.h"
#include "ops/step_state.h"
#include "shaders/adafactor.h"

namespace lemnos::ops {
namespace {

std::vector<TensorDesc> infer_variance(const Infer& in) {
  require_inputs(in, 3);
  require_dtype(in, 0, DType::f32);
  require_same(in, 0, 1);
  require_state(in, 2);
  return {in.in[0]};
}

std::vector<TensorDesc> infer_adafactor_update(const Infer& in) {
  require_inputs(in, 4);
  require_dtype(in, 0, DType::f32);
  require_same(in, 0, 1);
  const TensorDesc scale{Shape{}, DType::f32};
  require(in.in[2] == scale, ErrorCode::shape_mismatch, in.op.name, ": the scale is ", in.in[2], ", it is ", scale);
  require_state(in, 3);
  return {in.in[0]};
}

std::vector<Dispatch> lower_phase(Lower& c, uint32_t phase, TensorRef scale, TensorRef state,
                                  shaders::AdafactorParams params) {
  using namespace shaders;
  params.count = count32(c.in(0), c.node().op->name);
  const AdafactorSpec spec{.workgroup_size = 64, .phase = phase};
  return {{.kernel = &c.kernel("adafactor"),
           .tensors = {state, c.x(1), scale, c.y()},
           .spec = spec,
           .params = params,
           .groups = divide_up(params.count, spec.workgroup_size),
           .cost = {3 * c.in(0).bytes(), 4ull * params.count}}};
}

std::vector<Dispatch> lower_variance(Lower& c) {
  const auto a = c.attrs<AdafactorVarianceAttrs>();
  return lower_phase(c, ADAFACTOR_VARIANCE, c.scratch(16), c.x(2), {.exponent = static_cast<float>(a.exponent)});
}

std::vector<Dispatch> lower_adafactor_update(Lower& c) {
  const auto a = c.attrs<AdafactorUpdateAttrs>();
  return lower_phase(c, ADAFACTOR_UPDATE, c.x(2), c.x(3),
                     {.lr = static_cast<float>(a.lr),
                      .lr_scale = static_cast<float>(a.lr_scale),
                      .weight_decay = static_cast<float>(a.weight_decay)});
}

uint32_t both_by_rows(const Lower& c) { return c.out().shape.rank() > 0 ? 3u : 0u; }

constexpr Alias kAdafactorUpdates[] = {{0, 0}};
const OpDef kAdafactorOps[] = {
    {.name = "adafactor_variance",
     .infer = infer_variance,
     .lower = lower_variance,
     .reference = reference::adafactor_variance,
     .attrs = attrs_of<AdafactorVarianceAttrs>,
     .updates = kAdafactorUpdates,
     .by_rows = both_by_rows},
    {.name = "adafactor_update",
     .infer = infer_adafactor_update,
     .lower = lower_adafactor_update,
     .reference = reference::adafactor_update,
     .attrs = attrs_of<AdafactorUpdateAttrs>,
     .updates = kAdafactorUpdates,
     .by_rows = both_by_rows},
};

}  // namespace

std::span<const OpDef> adafactor_ops() { return kAdafactorOps; }
const OpDef& adafactor_variance_op() { return kAdafactorOps[0]; }
const OpDef& adafactor_update_op() { return kAdafactorOps[1]; }

}  // namespace lemnos::ops
