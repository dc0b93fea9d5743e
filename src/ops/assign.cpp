// assign: variable' = value, the plain update. place_gradients: the gradient arena with each gradient at its
// parameter's offset; the planner has gradients made there, so that only those that also live elsewhere are copied.

#include "shaders/assign.h"

#include <set>

#include "lemnos/ops.h"
#include "ops/assign.h"
#include "ops/lowering.h"
#include "reference/assign.h"

namespace lemnos::ops {
namespace {

std::vector<TensorDesc> infer_assign(const Infer& in) {
  require_inputs(in, 2);
  require(in.in[0] == in.in[1], ErrorCode::shape_mismatch, in.op.name, ": the variable is ", in.in[0],
          ", the value is ", in.in[1]);
  return {in.in[0]};
}

std::vector<TensorDesc> infer_place(const Infer& in) {
  const std::vector<int64_t> offsets = in.attrs<PlaceGradientsAttrs>().offsets;
  require(in.in.size() == offsets.size() + 1, ErrorCode::invalid_argument, in.op.name, ": ", in.in.size() - 1,
          " gradients at ", offsets.size(), " offsets");
  require(in.in[0].shape.rank() == 1 && in.in[0].dtype == DType::f32, ErrorCode::shape_mismatch, in.op.name,
          ": the arena is ", in.in[0], ", it is flat and f32");
  for (size_t i = 0; i < offsets.size(); ++i)
    require(in.in[i + 1].dtype == DType::f32 && offsets[i] >= 0 &&
                offsets[i] + in.in[i + 1].elements() <= in.in[0].elements() && offsets[i] % Graph::kArenaAlignment == 0,
            ErrorCode::shape_mismatch, in.op.name, ": gradient ", in.in[i + 1], " at ", offsets[i], " of the arena ",
            in.in[0]);
  return {in.in[0]};
}

void add_copy(Lower& c, TensorRef from, TensorRef to, std::vector<Dispatch>& list) {
  using namespace shaders;
  const uint64_t words = divide_up(from.bytes, 4);
  const AssignSpec spec{.workgroup_size = 64};
  to.bytes = from.bytes;
  list.push_back({.kernel = &c.kernel("assign"),
                  .tensors = {from, to},
                  .spec = spec,
                  .params = AssignParams{.words = static_cast<uint32_t>(words)},
                  .groups = divide_up(words, 4 * uint64_t{spec.workgroup_size}),
                  .cost = {2 * from.bytes, 0}});
}

std::vector<Dispatch> lower_assign(Lower& c) {
  std::vector<Dispatch> list;
  add_copy(c, c.x(1), c.y(), list);
  return list;
}

std::vector<Dispatch> lower_place(Lower& c) {
  const std::vector<int64_t> offsets = c.attrs<PlaceGradientsAttrs>().offsets;
  std::vector<Dispatch> list;
  for (size_t i = 0; i < offsets.size(); ++i) {
    if (c.is_placed(i + 1)) continue;
    TensorRef to = c.y();
    to.offset += static_cast<uint64_t>(offsets[i]) * sizeof(float);
    add_copy(c, c.x(i + 1), to, list);
  }
  return list;
}

std::vector<PlacedInput> places(const Node& node) {
  const std::vector<int64_t> offsets = node.attrs.as<PlaceGradientsAttrs>().offsets;
  std::vector<PlacedInput> all;
  for (size_t i = 0; i < offsets.size(); ++i) all.push_back({i + 1, offsets[i]});
  return all;
}

constexpr Alias kAssignUpdates[] = {{0, 0}};
const OpDef kAssignOps[] = {
    {.name = "assign",
     .infer = infer_assign,
     .lower = lower_assign,
     .reference = reference::assign,
     .updates = kAssignUpdates,
     .by_rows = rows_of_output},
    {.name = "place_gradients",
     .infer = infer_place,
     .lower = lower_place,
     .reference = reference::place_gradients,
     .attrs = attrs_of<PlaceGradientsAttrs>,
     .updates = kAssignUpdates,
     .places = places},
};

}  // namespace

std::span<const OpDef> assign_ops() { return kAssignOps; }

std::set<int64_t> placed_offsets(Graph& graph) {
  std::set<int64_t> found;
  for (int at = graph.flat_gradients().id(); graph.info(at).producer >= 0;) {
    const Node& node = graph.nodes()[static_cast<size_t>(graph.info(at).producer)];
    if (node.op != &kAssignOps[1]) break;
    const std::vector<int64_t> offsets = node.attrs.as<PlaceGradientsAttrs>().offsets;
    found.insert(offsets.begin(), offsets.end());
    at = node.inputs[0];
  }
  return found;
}

Value add_assign(Value variable, Value value) {
  require(variable && value, ErrorCode::invalid_argument, "assign: ", variable ? "the value" : "the variable",
          " is empty");
  Graph& graph = variable.graph();
  const ValueInfo& info = graph.info(variable);
  require(info.role != Role::activation && info.role != Role::constant, ErrorCode::invalid_argument, "assign: '",
          info.name, "' ", info.desc, " is ", to_string(info.role), ", and cannot be updated");
  return graph.add(kAssignOps[0], {graph.newest(variable), value});
}

Value add_place_gradients(std::span<const Value> parameters, std::span<const Value> gradients) {
  require(parameters.size() == gradients.size(), ErrorCode::invalid_argument, "place_gradients: ", parameters.size(),
          " parameters and ", gradients.size(), " gradients");
  if (parameters.empty()) return {};
  Graph& graph = parameters[0].graph();
  std::vector<Value> inputs{graph.flat_gradients()};
  std::vector<int64_t> offsets;
  std::set<int64_t> placed = placed_offsets(graph);
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (!gradients[i]) continue;
    const ValueInfo& target = graph.info(parameters[i]);
    require(target.role == Role::parameter, ErrorCode::invalid_argument, "place_gradients: '", target.name, "' is ",
            to_string(target.role), ", and has no place for a gradient");
    require(gradients[i].desc() == target.desc, ErrorCode::shape_mismatch, "place_gradients: gradient ",
            gradients[i].desc(), " for parameter '", target.name, "' ", target.desc);
    require(placed.insert(target.offset).second, ErrorCode::invalid_argument, "place_gradients: the parameter '",
            target.name, "' ", target.desc, " has a gradient in this step already; add the two and place the sum");
    inputs.push_back(gradients[i]);
    offsets.push_back(target.offset);
  }
  if (offsets.empty()) return inputs[0];
  return graph.add_all(kAssignOps[1], inputs, PlaceGradientsAttrs{.offsets = offsets})[0];
}

}  // namespace lemnos::ops

namespace lemnos {

Value assign(Value variable, Value value) { return ops::add_assign(variable, value); }

}  // namespace lemnos
