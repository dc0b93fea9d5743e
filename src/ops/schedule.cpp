// The factor that a schedule gives the base learning rate in the running step, written into StepState. The formulas are
// in src/reference/schedule.cpp.

#include "ops/schedule.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "ops/lowering.h"
#include "ops/step_state.h"
#include "reference/schedule.h"
#include "shaders/schedule.h"

namespace lemnos::ops {
namespace {

uint32_t kind_of(const ScheduleAttrs& attrs, const char* op) {
  const auto kinds = reference::schedule_kinds();
  const auto found = std::ranges::find(kinds, std::string_view(attrs.kind));
  require(found != kinds.end(), ErrorCode::invalid_argument, op, ": no schedule '", attrs.kind, "'");
  return static_cast<uint32_t>(found - kinds.begin());
}

std::vector<TensorDesc> infer_schedule(const Infer& in) {
  const bool table = kind_of(in.attrs<ScheduleAttrs>(), in.op.name) == SCHEDULE_PIECEWISE;
  require_inputs(in, table ? 2 : 1);
  require_state(in, 0);
  require(!table || (in.in[1].dtype == DType::f32 && in.in[1].shape.rank() == 2 && in.in[1].shape[1] == 2),
          ErrorCode::shape_mismatch, in.op.name, ": the table is ", in.in.back(), ", it is f32[n, 2]");
  return {in.in[0]};
}

std::vector<Dispatch> lower_schedule(Lower& c) {
  using namespace shaders;
  const auto a = c.attrs<ScheduleAttrs>();
  const auto real = [](double v) { return static_cast<float>(v); };
  const bool table = c.inputs() == 2;
  const ScheduleParams params{.warm_up = real(a.warm_up),
                              .warm_up_start = real(a.warm_up_start),
                              .period = real(a.period),
                              .gamma = real(a.gamma),
                              .log2_gamma = static_cast<float>(std::log2(a.gamma)),
                              .power = real(a.power),
                              .log2_power = static_cast<float>(std::log2(a.power)),
                              .end = real(a.end),
                              .end2 = real(a.end2),
                              .rise = real(a.rise),
                              .fall = real(a.fall),
                              .rows = table ? static_cast<uint32_t>(c.in(1).shape[0]) : 0};
  return {
      {.kernel = &c.kernel("schedule"),
       .tensors = {c.y(), table ? c.x(1) : c.scratch(16)},
       .spec =
           ScheduleSpec{
               .workgroup_size = 32, .kind = kind_of(a, c.node().op->name), .by_epoch = a.by_epoch, .linear = a.linear},
       .params = params,
       .groups = 1,
       .cost = {2 * c.in(0).bytes(), 30}}};
}

constexpr Alias kScheduleUpdates[] = {{0, 0}};
const OpDef kScheduleOps[] = {{"schedule",
                               infer_schedule,
                               nullptr,
                               lower_schedule,
                               reference::schedule,
                               attrs_of<ScheduleAttrs>,
                               {},
                               kScheduleUpdates}};

}  // namespace

std::span<const OpDef> schedule_ops() { return kScheduleOps; }
const OpDef& schedule_op() { return kScheduleOps[0]; }

double schedule_factor(const ScheduleAttrs& attrs, std::span<const float> table, double t) {
  return reference::schedule_factor(attrs, std::vector<double>(table.begin(), table.end()), t);
}

}  // namespace lemnos::ops
