// y = keep ? x / (1 - rate) : 0, with keep = (Philox bits >= rate 2^32) under the key (seed, stream), each mixed with
// the state's seed, and the counter (number of the mask / 4, step). dx is the same function of dy: no mask is stored.

#include "shaders/dropout.h"

#include "lemnos/ops.h"
#include "ops/lowering.h"
#include "ops/step_state.h"
#include "reference/dropout.h"

namespace lemnos::ops {
namespace {

std::vector<TensorDesc> infer_dropout(const Infer& in) {
  const auto attrs = in.attrs<DropoutAttrs>();
  require_inputs(in, 2);
  require_float(in, 0);
  require_state(in, 1);
  const double rate = attrs.rate;
  require(rate >= 0 && rate < 1, ErrorCode::invalid_argument, in.op.name, ": rate ", rate, " is outside [0, 1)");
  require(attrs.per_mask >= 1, ErrorCode::invalid_argument, in.op.name, ": ", attrs.per_mask,
          " elements to a mask, it takes 1 or more");
  return {in.in[0]};
}

std::vector<Dispatch> lower_dropout(Lower& c) {
  const auto attrs = c.attrs<DropoutAttrs>();
  using namespace shaders;
  const double rate = attrs.rate;
  const uint32_t count = count32(c.out(), c.node().op->name);
  const DropoutSpec spec{.workgroup_size = 64, .grouped = attrs.per_mask != 1};
  return {{.kernel = &c.kernel(kernel_name("dropout", c.out().dtype, c.caps)),
           .tensors = {c.x(0), c.x(1), c.y()},
           .spec = spec,
           .params = DropoutParams{.count = count,
                                   .per_mask = static_cast<uint32_t>(attrs.per_mask),
                                   .threshold = static_cast<uint32_t>(rate * 0x1p32),
                                   .scale = static_cast<float>(1 / (1 - rate)),
                                   .seed = static_cast<uint32_t>(attrs.seed),
                                   .stream = static_cast<uint32_t>(attrs.stream)},
           .groups = divide_up(divide_up(count, 4), spec.workgroup_size),
           .cost = {2 * c.out().bytes(), 25ull * count}}};
}

std::vector<Value> grad_dropout(Grad& g) { return {g.graph.add(*g.self().op, {g.dy(), g.in(1)}, g.self().attrs)}; }

constexpr Alias kDropoutInplace[] = {{0, 0}};
const OpDef kDropoutOps[] = {{"dropout",
                              infer_dropout,
                              grad_dropout,
                              lower_dropout,
                              reference::dropout,
                              attrs_of<DropoutAttrs>,
                              {},
                              {},
                              {},
                              kDropoutInplace}};

}  // namespace

std::span<const OpDef> dropout_ops() { return kDropoutOps; }

Value add_dropout(Value x, Value state, float rate, uint32_t seed, int64_t per_mask, std::string_view stream) {
  Graph& graph = x.graph();
  return graph.add(kDropoutOps[0], {x, state},
                   DropoutAttrs{.rate = rate, .seed = seed, .stream = graph.stream(stream), .per_mask = per_mask});
}

}  // namespace lemnos::ops

namespace lemnos {
Value dropout(Value x, Value state, float rate, uint32_t seed, std::string_view stream) {
  return ops::add_dropout(x, state, rate, seed, 1, stream);
}
Value gaussian_noise(Value x, Value state, float deviation, uint32_t seed, std::string_view stream) {
  require(deviation >= 0, ErrorCode::invalid_argument, "gaussian_noise: deviation ", deviation, " is below 0");
  return add(x, random_normal(state, x.desc(), 0, deviation, seed, stream));
}
Value spatial_dropout(Value x, Value state, float rate, uint32_t seed, std::string_view stream) {
  require(x.shape().rank() >= 2, ErrorCode::invalid_argument, "spatial_dropout: x is ", x.desc(),
          "; it takes [N, C, ..]");
  const int64_t channels = x.shape()[0] * x.shape()[1];
  const int64_t per_mask = channels ? x.desc().elements() / channels : 1;
  return ops::add_dropout(x, state, rate, seed, per_mask > 1 ? per_mask : 1, stream);
}
}  // namespace lemnos
