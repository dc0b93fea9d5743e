// advance_step: step + 1; cursor + 1, or 0 and epoch + 1; corrections c <- beta c + (1 - beta), which stay accurate
// where 1 - beta^t would cancel. finish_step: the same, and the step's metrics into a ring.

#include "ops/step_state.h"

#include "lemnos/ops.h"
#include "reference/step_state.h"
#include "shaders/advance_step.h"
#include "shaders/state_value.h"

namespace lemnos::ops {
namespace {

void check_attrs(const Infer& in) {
  const auto attrs = in.attrs<AdvanceStepAttrs>();
  require(attrs.batches_per_epoch >= 0, ErrorCode::invalid_argument, in.op.name, ": ", attrs.batches_per_epoch,
          " batches per epoch, it takes 1 or more, or 0 for the state's");
}

std::vector<TensorDesc> infer_step_state(const Infer& in) {
  require_inputs(in, 1);
  require_state(in, 0);
  check_attrs(in);
  return {in.in[0]};
}

std::vector<TensorDesc> infer_finish(const Infer& in) {
  require(in.in.size() == 4 || in.in.size() == 5, ErrorCode::invalid_argument, in.op.name, ": ", in.in.size(),
          " inputs, it takes 4, or 5 with more numbers");
  require_state(in, 0);
  check_attrs(in);
  const int64_t more = in.in.size() == 5 ? in.in[4].elements() : 0;
  require(more == 0 || in.in[4] == TensorDesc{Shape{more}, DType::f32}, ErrorCode::shape_mismatch, in.op.name,
          ": more is ", in.in.back(), ", it is f32[n]");
  const Shape& ring = in.in[1].shape;
  require(in.in[1].dtype == DType::f32 && ring.rank() == 2 && ring[0] >= 1 && ring[1] == 4 + more,
          ErrorCode::shape_mismatch, in.op.name, ": the ring is ", in.in[1], ", it is f32[capacity, ", 4 + more, "]");
  require(in.in[2].dtype == DType::f32 && in.in[2].elements() == 1, ErrorCode::shape_mismatch, in.op.name,
          ": the loss is ", in.in[2], ", it is one f32");
  require(in.in[3] == TensorDesc{Shape{2}, DType::f32}, ErrorCode::shape_mismatch, in.op.name, ": the counts are ",
          in.in[3], ", they are f32[2]");
  return {in.in[0], in.in[1]};
}

std::vector<Dispatch> lower_step_state(Lower& c) {
  using namespace shaders;
  const bool record = c.inputs() >= 4, more = c.inputs() == 5 && c.in(4).elements() > 0;
  const auto a = c.attrs<AdvanceStepAttrs>();
  AdvanceStepParams params{.batches_per_epoch = static_cast<uint32_t>(a.batches_per_epoch),
                           .batch = static_cast<uint32_t>(a.batch),
                           .beta1 = static_cast<float>(a.beta1),
                           .beta2 = static_cast<float>(a.beta2),
                           .rest1 = static_cast<float>(1 - a.beta1),
                           .rest2 = static_cast<float>(1 - a.beta2),
                           .momentum_decay = static_cast<float>(a.momentum_decay),
                           .base_lr = static_cast<float>(a.base_lr),
                           .capacity = 1};
  std::vector<TensorRef> tensors = {c.y(0)};
  const TensorRef unused = more ? TensorRef{} : c.scratch(16);
  if (record) {
    params.capacity = static_cast<uint32_t>(c.in(1).shape[0]);
    params.more = more ? static_cast<uint32_t>(c.in(4).elements()) : 0;
    tensors.insert(tensors.end(), {c.y(1), c.x(2), c.x(3), more ? c.x(4) : unused});
  } else {
    tensors.insert(tensors.end(), {unused, unused, unused, unused});
  }
  return {{.kernel = &c.kernel("advance_step"),
           .tensors = tensors,
           .spec = AdvanceStepSpec{.workgroup_size = 32, .record = record},
           .params = params,
           .groups = 1,
           .cost = {2 * c.in(0).bytes(), 20}}};
}

std::vector<TensorDesc> infer_value(const Infer& in) {
  require_inputs(in, 1);
  require_state(in, 0);
  const int64_t word = in.attrs<StateValueAttrs>().word;
  require(word >= 0 && word < STATE_WORDS, ErrorCode::out_of_range, in.op.name, ": word ", word, " of ", STATE_WORDS);
  return {{Shape{}, DType::f32}};
}

std::vector<Dispatch> lower_value(Lower& c) {
  const auto attrs = c.attrs<StateValueAttrs>();
  using namespace shaders;
  return {
      {.kernel = &c.kernel("state_value"),
       .tensors = {c.x(0), c.y()},
       .spec = StateValueSpec{.workgroup_size = 32},
       .params = StateValueParams{.word = static_cast<uint32_t>(attrs.word), .scale = static_cast<float>(attrs.scale)},
       .groups = 1,
       .cost = {8, 1}}};
}

constexpr Alias kState[] = {{0, 0}};
constexpr Alias kStateAndRing[] = {{0, 0}, {1, 1}};
const OpDef kStepStateOps[] = {
    {"advance_step",
     infer_step_state,
     nullptr,
     lower_step_state,
     reference::advance_step,
     attrs_of<AdvanceStepAttrs>,
     {},
     kState},
    {"finish_step",
     infer_finish,
     nullptr,
     lower_step_state,
     reference::advance_step,
     attrs_of<AdvanceStepAttrs>,
     {},
     kStateAndRing},
    {"state_value", infer_value, nullptr, lower_value, reference::state_value, attrs_of<StateValueAttrs>},
};

AdvanceStepAttrs attrs_from(const AdvanceOptions& o) {
  return {.batches_per_epoch = o.batches_per_epoch,
          .batch = o.batch,
          .beta1 = o.beta1,
          .beta2 = o.beta2,
          .momentum_decay = o.momentum_decay,
          .base_lr = o.base_lr};
}

}  // namespace

Value add_state_value(Value state, size_t word, float scale) {
  return state.graph().add(kStepStateOps[2], {state},
                           StateValueAttrs{.word = static_cast<int64_t>(word), .scale = scale});
}

std::span<const OpDef> step_state_ops() { return kStepStateOps; }
Value add_advance_step(std::span<const Value> inputs, const AdvanceOptions& options) {
  return inputs[0].graph().add_all(kStepStateOps[inputs.size() >= 4], inputs, attrs_from(options))[0];
}

}  // namespace lemnos::ops

namespace lemnos {

Value step_state(Graph& graph, uint64_t seed, std::string_view name) {
  if (const Value known = graph.find(name)) return known;
  const auto words = initial_step_state(seed);
  return graph.variable(std::string(name), {Shape{STATE_WORDS}, DType::u32}, std::as_bytes(std::span(words)),
                        Purpose::step);
}
Value loss_scale(Value state, float base) { return ops::add_state_value(state, STATE_LOSS_SCALE, base); }
Value advance_step(Value state, AdvanceOptions options) {
  return ops::add_advance_step({{state.graph().newest(state)}}, options);
}
Value finish_step(Value state, Value ring, Value loss, Value counts, AdvanceOptions options, Value more) {
  std::vector<Value> inputs = {state.graph().newest(state), ring.graph().newest(ring), loss, counts};
  if (more) inputs.push_back(more);
  return ops::add_advance_step(inputs, options);
}

}  // namespace lemnos
