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

uint32_t kind_of(const Attrs& attrs, const char* op) {
  const auto kinds = reference::schedule_kinds();
  const auto found = std::ranges::find(kinds, std::string_view(attrs.word("kind")));
  require(found != kinds.end(), ErrorCode::invalid_argument, op, ": no schedule '", attrs.word("kind"), "'");
  return static_cast<uint32_t>(found - kinds.begin());
}

std::vector<TensorDesc> infer(const Infer& in) {
  const bool table = kind_of(in.attrs, in.op.name) == SCHEDULE_PIECEWISE;
  require_inputs(in, table ? 2 : 1);
  require_state(in, 0);
  require(!table || (in.in[1].dtype == DType::f32 && in.in[1].shape.rank() == 2 && in.in[1].shape[1] == 2),
          ErrorCode::shape_mismatch, in.op.name, ": the table is ", in.in.back(), ", it is f32[n, 2]");
  return {in.in[0]};
}

std::vector<Dispatch> lower(Lower& c) {
  using namespace shaders;
  const Attrs& a = c.attrs();
  const auto real = [&](const char* name) { return static_cast<float>(a.real(name)); };
  const bool table = c.inputs() == 2;
  const ScheduleParams params{.warm_up = real("warm_up"),
                              .warm_up_start = real("warm_up_start"),
                              .period = real("period"),
                              .gamma = real("gamma"),
                              .log2_gamma = static_cast<float>(std::log2(a.real("gamma"))),
                              .power = real("power"),
                              .end = real("end"),
                              .end2 = real("end2"),
                              .rise = real("rise"),
                              .rows = table ? static_cast<uint32_t>(c.in(1).shape[0]) : 0};
  return {
      {.kernel = &c.kernel("schedule"),
       .tensors = {c.y(), table ? c.x(1) : c.scratch(16)},
       .spec =
           ScheduleSpec{.workgroup_size = 32, .kind = kind_of(a, c.node().op->name), .by_epoch = a.flag("by_epoch")},
       .params = params,
       .groups = 1,
       .cost = {2 * c.in(0).bytes(), 30}}};
}

using Kind = AttrDef::Kind;
constexpr AttrDef kAttrs[] = {{"kind", Kind::word, 0, "constant"},
                              {"by_epoch", Kind::integer, 0},
                              {"warm_up", Kind::real, 0},
                              {"warm_up_start", Kind::real, 0},
                              {"period", Kind::real, 1},
                              {"gamma", Kind::real, 1},
                              {"power", Kind::real, 1},
                              {"end", Kind::real, 0},
                              {"end2", Kind::real, 0},
                              {"rise", Kind::real, 1}};
constexpr Alias kUpdates[] = {{0, 0}};
const OpDef kOps[] = {{"schedule", infer, nullptr, lower, reference::schedule, kAttrs, {}, kUpdates}};

}  // namespace

std::span<const OpDef> schedule_ops() { return kOps; }
const OpDef& schedule_op() { return kOps[0]; }

double schedule_factor(const Attrs& attrs, std::span<const float> table, double t) {
  Attrs full = {{"kind", attrs.word("kind")}};
  for (const AttrDef& def : kAttrs)
    if (def.kind != Kind::word) full.set(def.name, attrs.find(def.name) ? *attrs.find(def.name) : def.number);
  return reference::schedule_factor(full, std::vector<double>(table.begin(), table.end()), t);
}

}  // namespace lemnos::ops
