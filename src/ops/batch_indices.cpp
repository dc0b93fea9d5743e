// rows[i] = the row of the data set at position (cursor * batch + i) of the epoch's permutation, -1 past the end; or,
// where a ring holds the next batches one after the other, its row there. padded[i] is the same, but rows[0] past the
// end; count says how many are not. The permutation is a bijection computed from (seed, epoch):
// shaders/common/permutation.h.

#include "shaders/batch_indices.h"

#include "lemnos/ops.h"
#include "ops/lowering.h"
#include "ops/step_state.h"
#include "reference/batch_indices.h"

namespace lemnos::ops {
namespace {

constexpr int64_t kMostSamples = int64_t{1} << 30;

std::vector<TensorDesc> infer_batch_indices(const Infer& in) {
  const auto attrs = in.attrs<BatchIndicesAttrs>();
  require_inputs(in, 1);
  require_state(in, 0);
  const int64_t samples = attrs.samples, batch = attrs.batch, window = attrs.window;
  require(samples >= 0 && samples <= kMostSamples, ErrorCode::invalid_argument, in.op.name, ": ", samples,
          " samples, it takes 1 to ", kMostSamples, ", or 0 for the state's");
  require(window >= 0 && window < 65536 && window * batch <= kMostSamples, ErrorCode::invalid_argument, in.op.name,
          ": a window of ", window, " batches of ", batch, " rows, it takes up to 65535 batches and ", kMostSamples,
          " rows");
  require(batch >= 1 && batch <= kMostSamples, ErrorCode::invalid_argument, in.op.name, ": a batch of ", batch,
          " rows, it takes 1 to ", kMostSamples);
  return {{Shape{batch}, DType::i32}, {Shape{batch}, DType::i32}, {Shape{1}, DType::u32}};
}

std::vector<Dispatch> lower_batch_indices(Lower& c) {
  const auto attrs = c.attrs<BatchIndicesAttrs>();
  using namespace shaders;
  const BatchIndicesSpec spec{.workgroup_size = 64, .shuffle = attrs.shuffle};
  const auto batch = static_cast<uint32_t>(attrs.batch);
  return {{.kernel = &c.kernel("batch_indices"),
           .tensors = {c.x(0), c.y(0), c.y(1), c.y(2)},
           .spec = spec,
           .params = BatchIndicesParams{.samples = static_cast<uint32_t>(attrs.samples),
                                        .batch = batch,
                                        .seed = static_cast<uint32_t>(attrs.seed),
                                        .window = static_cast<uint32_t>(attrs.window)},
           .groups = divide_up(batch, spec.workgroup_size),
           .cost = {2 * c.out(0).bytes() + c.in(0).bytes(), 100ull * batch}}};
}

const OpDef kBatchIndicesOps[] = {{"batch_indices", infer_batch_indices, nullptr, lower_batch_indices,
                                   reference::batch_indices, attrs_of<BatchIndicesAttrs>}};

}  // namespace

std::span<const OpDef> batch_indices_ops() { return kBatchIndicesOps; }
std::vector<Value> add_batch_indices(Value state, const BatchOptions& o) {
  const BatchIndicesAttrs attrs{
      .samples = o.samples, .batch = o.batch, .shuffle = o.shuffle, .seed = o.seed, .window = o.window};
  return state.graph().add_all(kBatchIndicesOps[0], {{state}}, attrs);
}

}  // namespace lemnos::ops

namespace lemnos {
Value batch_indices(Value state, BatchOptions options) { return batch_rows(state, options).rows; }
BatchRows batch_rows(Value state, BatchOptions options) {
  const std::vector<Value> made = ops::add_batch_indices(state, options);
  return {made[0], made[1], made[2]};
}
}  // namespace lemnos
