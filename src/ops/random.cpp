// random_uniform: low + (high - low) u     random_normal: mean + deviation z
// with the random bits of Philox under the key (seed, stream), each mixed with the state's seed, and the counter
// (number of the element / 4, step). Further here: values known when the graph is built.

#include "shaders/random.h"

#include <algorithm>

#include "base/half.h"
#include "lemnos/ops.h"
#include "ops/formats.h"
#include "ops/lowering.h"
#include "ops/step_state.h"
#include "reference/random.h"

namespace lemnos::ops {
namespace {

std::vector<TensorDesc> infer_random(const Infer& in) {
  const auto attrs = in.attrs<RandomAttrs>();
  require_inputs(in, 1);
  require_state(in, 0);
  const TensorDesc y{attrs.shape, attrs.dtype};
  require(is_floating(y.dtype), ErrorCode::invalid_argument, in.op.name, ": ", y, ", it makes f32, f16 or bf16");
  require(attrs.b >= 0, ErrorCode::invalid_argument, in.op.name, ": a width or deviation of ", attrs.b, " is below 0");
  return {y};
}

std::vector<Dispatch> lower_random(Lower& c) {
  const auto attrs = c.attrs<RandomAttrs>();
  using namespace shaders;
  const uint32_t count = count32(c.out(), c.node().op->name);
  const RandomSpec spec{.workgroup_size = 64,
                        .format = format_of(c.out().dtype),
                        .distribution = static_cast<uint32_t>(
                            c.node().op->name == std::string_view("random_normal") ? RANDOM_NORMAL : RANDOM_UNIFORM)};
  return {{.kernel = &c.kernel("random"),
           .tensors = {c.x(0), in_words(c.y())},
           .spec = spec,
           .params = RandomParams{.count = count,
                                  .a = static_cast<float>(attrs.a),
                                  .b = static_cast<float>(attrs.b),
                                  .seed = static_cast<uint32_t>(attrs.seed),
                                  .stream = static_cast<uint32_t>(attrs.stream)},
           .groups = divide_up(divide_up(count, 4), spec.workgroup_size),
           .cost = {c.out().bytes(), 40ull * count}}};
}

const OpDef kRandomOps[] = {
    {"random_uniform", infer_random, nullptr, lower_random, reference::random, attrs_of<RandomAttrs>},
    {"random_normal", infer_random, nullptr, lower_random, reference::random, attrs_of<RandomAttrs>},
};

}  // namespace

std::span<const OpDef> random_ops() { return kRandomOps; }

Value random_value(size_t op, Value state, const TensorDesc& desc, float a, float b, uint32_t seed,
                   std::string_view stream) {
  Graph& graph = state.graph();
  return graph.add(
      kRandomOps[op], {state},
      RandomAttrs{
          .shape = desc.shape, .dtype = desc.dtype, .a = a, .b = b, .seed = seed, .stream = graph.stream(stream)});
}

namespace {
Value known(Graph& graph, const TensorDesc& desc, const std::vector<double>& values) {
  std::vector<std::byte> bytes(desc.bytes());
  encode(desc.dtype, values.data(), bytes.data(), values.size());
  return graph.constant(desc, bytes);
}
}  // namespace
}  // namespace lemnos::ops

namespace lemnos {

Value random_uniform(Value state, TensorDesc desc, float low, float high, uint32_t seed, std::string_view stream) {
  require(low <= high, ErrorCode::invalid_argument, "random_uniform: low ", low, " is above high ", high);
  return ops::random_value(0, state, desc, low, high - low, seed, stream);
}

Value random_normal(Value state, TensorDesc desc, float mean, float deviation, uint32_t seed, std::string_view stream) {
  return ops::random_value(1, state, desc, mean, deviation, seed, stream);
}

Value full(Graph& graph, const Shape& shape, float value, DType dtype) {
  return broadcast_to(ops::known(graph, {Shape{}, dtype}, {value}), shape);
}
Value zeros(Graph& graph, const Shape& shape, DType dtype) { return full(graph, shape, 0, dtype); }
Value ones(Graph& graph, const Shape& shape, DType dtype) { return full(graph, shape, 1, dtype); }

Value linspace(Graph& graph, float first, float last, int64_t count, DType dtype) {
  require(count >= 1, ErrorCode::invalid_argument, "linspace: ", count, " elements, it takes 1 or more");
  std::vector<double> values(static_cast<size_t>(count));
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = count == 1 ? first
                           : first + (static_cast<double>(last) - first) * static_cast<double>(i) /
                                         static_cast<double>(count - 1);
  return ops::known(graph, {{count}, dtype}, values);
}

Value range(Graph& graph, int64_t first, int64_t end, int64_t step, DType dtype) {
  require(step != 0, ErrorCode::invalid_argument, "range: step ", step);
  const int64_t count = std::max<int64_t>(0, (end - first + step + (step > 0 ? -1 : 1)) / step);
  std::vector<double> values(static_cast<size_t>(count));
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(first + static_cast<int64_t>(i) * step);
  return ops::known(graph, {{count}, dtype}, values);
}

}  // namespace lemnos
