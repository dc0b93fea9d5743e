// One step of a recurrent layer, from the sums in front of its gates: a from the input, b from the state.
//   lstm_cell: a, b[B, 4 H] (i, f, g, o), c[B, H] -> h, c'       gru_cell: a, b[B, 3 H] (r, z, n), h[B, H] -> h'
// The products that make a and b are ordinary nodes, the loop over time is in autograd/recurrent.cpp.

#include <algorithm>

#include "lemnos/ops.h"
#include "ops/formats.h"
#include "ops/lowering.h"
#include "reference/recurrent.h"
#include "shaders/gru_cell.h"
#include "shaders/lstm_cell.h"

namespace lemnos::ops {
namespace {

// Gates [B, gates H] twice, then the state [B, H].
void require_cell(const Infer& in, int64_t gates) {
  require_float(in, 0);
  require_same(in, 0, 1);
  const Shape &sums = in.in[0].shape, &state = in.in[2].shape;
  require(sums.rank() == 2 && state.rank() == 2 && sums[0] == state[0] && sums[1] == gates * state[1] &&
              in.in[2].dtype == in.in[0].dtype,
          ErrorCode::shape_mismatch, in.op.name, ": gates ", in.in[0], " for a state ", in.in[2], ", they take ", gates,
          " times its columns");
}

std::vector<TensorDesc> infer_lstm(const Infer& in) {
  require_inputs(in, 3);
  require_cell(in, 4);
  return {in.in[2], in.in[2]};
}
// Inputs a, b, c, then dh and dc, where they are given; outputs the gradient of a (and of b), and of c.
std::vector<TensorDesc> infer_lstm_backward(const Infer& in) {
  const auto attrs = in.attrs<LstmBackwardAttrs>();
  require_inputs(in, 3 + static_cast<size_t>(attrs.has_dh) + static_cast<size_t>(attrs.has_dc));
  require_cell(in, 4);
  for (size_t i = 3; i < in.in.size(); ++i) require_same(in, 2, i);
  return {in.in[0], in.in[2]};
}
std::vector<TensorDesc> infer_gru(const Infer& in) {
  require_inputs(in, 3);
  require_cell(in, 3);
  return {in.in[2]};
}
// Inputs a, b, h, dh; outputs the gradients of a, b and h.
std::vector<TensorDesc> infer_gru_backward(const Infer& in) {
  require_inputs(in, 4);
  require_cell(in, 3);
  require_same(in, 2, 3);
  return {in.in[0], in.in[0], in.in[2]};
}

// `work`: how many things there are to do, and how many of them an invocation does.
struct Work {
  uint32_t count, each;
};
Work elements(const Lower& c, const TensorDesc& result) { return {count32(result, c.node().op->name), 4}; }
Work groups_of_units(const Lower& c) {
  const Shape& state = c.in(2).shape;
  return {static_cast<uint32_t>(static_cast<uint64_t>(state[0]) * divide_up(static_cast<uint64_t>(state[1]), 4)), 1};
}

// Whether the units of a row, four at a time, fill whole words in each gate: then one invocation writes the gradients
// of all gates of its units, and works them out once.
bool groups_own_words(const Lower& c) { return c.in(0).dtype == DType::f32 || c.in(2).shape[1] % 2 == 0; }

template <typename Spec, typename Params>
Dispatch launch_recurrent(Lower& c, const char* kernel, Spec spec, Work work, std::vector<TensorRef> tensors) {
  Cost cost{.bytes = 0, .flops = 60 * static_cast<uint64_t>(c.in(2).elements())};
  for (size_t i = 0; i < c.inputs(); ++i) {
    count32(c.in(i), c.node().op->name);
    cost.bytes += c.in(i).bytes();
  }
  for (size_t i = 0; i < c.outputs(); ++i) cost.bytes += c.out(i).bytes();
  spec.workgroup_size = 64;
  spec.format = format_of(c.in(0).dtype);
  for (TensorRef& ref : tensors) ref = in_words(ref);
  return {.kernel = &c.kernel(kernel),
          .tensors = std::move(tensors),
          .spec = spec,
          .params = Params{.count = work.count, .units = static_cast<uint32_t>(c.in(2).shape[1])},
          .groups = divide_up(divide_up(work.count, work.each), spec.workgroup_size),
          .cost = cost};
}

// What a pass does not use is bound to an input, or to its own result.
std::vector<Dispatch> lower_lstm(Lower& c) {
  return {launch_recurrent<shaders::LstmCellSpec, shaders::LstmCellParams>(
      c, "lstm_cell", {.part = CELL_FORWARD}, elements(c, c.out()),
      {c.x(0), c.x(1), c.x(2), c.x(2), c.x(2), c.y(0), c.y(1)})};
}

std::vector<Dispatch> lower_lstm_backward(Lower& c) {
  const auto attrs = c.attrs<LstmBackwardAttrs>();
  const bool has_dh = attrs.has_dh, has_dc = attrs.has_dc;
  const TensorRef dh = has_dh ? c.x(3) : c.x(2), dc = has_dc ? c.x(c.inputs() - 1) : c.x(2);
  const auto pass = [&](uint32_t part, Work work, TensorRef first, TensorRef second) {
    return launch_recurrent<shaders::LstmCellSpec, shaders::LstmCellParams>(
        c, "lstm_cell", {.part = part, .has_dh = has_dh, .has_dc = has_dc}, work,
        {c.x(0), c.x(1), c.x(2), dh, dc, first, second});
  };
  if (groups_own_words(c)) return {pass(CELL_BACKWARD, groups_of_units(c), c.y(0), c.y(1))};
  return {pass(CELL_GATES, elements(c, c.out(0)), c.y(0), c.y(0)),
          pass(CELL_STATE, elements(c, c.out(1)), c.y(1), c.y(1))};
}

std::vector<Dispatch> lower_gru(Lower& c) {
  return {launch_recurrent<shaders::GruCellSpec, shaders::GruCellParams>(
      c, "gru_cell", {.part = CELL_FORWARD}, elements(c, c.out()),
      {c.x(0), c.x(1), c.x(2), c.x(2), c.y(0), c.y(0), c.y(0)})};
}

std::vector<Dispatch> lower_gru_backward(Lower& c) {
  const auto pass = [&](uint32_t part, Work work, TensorRef first, TensorRef second, TensorRef third) {
    return launch_recurrent<shaders::GruCellSpec, shaders::GruCellParams>(
        c, "gru_cell", {.part = part}, work, {c.x(0), c.x(1), c.x(2), c.x(3), first, second, third});
  };
  if (groups_own_words(c)) return {pass(CELL_BACKWARD, groups_of_units(c), c.y(0), c.y(1), c.y(2))};
  return {pass(CELL_GATES, elements(c, c.out(0)), c.y(0), c.y(1), c.y(1)),
          pass(CELL_STATE, elements(c, c.out(2)), c.y(2), c.y(2), c.y(2))};
}

// A step by smaller ops.
std::vector<Value> composed_lstm(Value a, Value b, Value c) {
  const int64_t units = c.shape()[1];
  const std::vector<Value> gates = split(a + b, {units, units, units, units}, 1);
  const Value next = sigmoid(gates[1]) * c + sigmoid(gates[0]) * tanh(gates[2]);
  return {sigmoid(gates[3]) * tanh(next), next};
}
std::vector<Value> composed_gru(Value a, Value b, Value h) {
  const int64_t units = h.shape()[1];
  const std::vector<Value> from_x = split(a, {units, units, units}, 1), from_h = split(b, {units, units, units}, 1);
  const Value r = sigmoid(from_x[0] + from_h[0]), z = sigmoid(from_x[1] + from_h[1]);
  const Value n = tanh(from_x[2] + r * from_h[2]);
  return {n + z * (h - n)};
}

Primal primal_lstm(Graph& graph, const Node& node) {
  const auto in = [&](size_t i) { return Value(&graph, node.inputs[i]); };
  const auto attrs = node.attrs.as<LstmBackwardAttrs>();
  return {.y = composed_lstm(in(0), in(1), in(2)),
          .dy = {attrs.has_dh ? in(3) : Value(), attrs.has_dc ? in(node.inputs.size() - 1) : Value()},
          .x = {in(0), in(2)}};
}
Primal primal_gru(Graph& graph, const Node& node) {
  const auto in = [&](size_t i) { return Value(&graph, node.inputs[i]); };
  return {.y = composed_gru(in(0), in(1), in(2)), .dy = {in(3)}, .x = {in(0), in(1), in(2)}};
}

std::vector<Value> grad_lstm(Grad& g);
std::vector<Value> grad_gru(Grad& g);

const OpDef kRecurrentOps[] = {
    {"lstm_cell", infer_lstm, grad_lstm, lower_lstm, reference::lstm_cell},
    {.name = "lstm_cell_backward",
     .infer = infer_lstm_backward,
     .lower = lower_lstm_backward,
     .reference = reference::lstm_cell_backward,
     .attrs = attrs_of<LstmBackwardAttrs>,
     .primal = primal_lstm},
    {"gru_cell", infer_gru, grad_gru, lower_gru, reference::gru_cell},
    {.name = "gru_cell_backward",
     .infer = infer_gru_backward,
     .lower = lower_gru_backward,
     .reference = reference::gru_cell_backward,
     .primal = primal_gru},
};

std::vector<Value> grad_lstm(Grad& g) {
  std::vector<Value> inputs = {g.in(0), g.in(1), g.in(2)};
  const bool has_dh = static_cast<bool>(g.dy(0)), has_dc = static_cast<bool>(g.dy(1));
  if (has_dh) inputs.push_back(g.dy(0));
  if (has_dc) inputs.push_back(g.dy(1));
  const std::vector<Value> made =
      g.graph.add_all(kRecurrentOps[1], inputs, LstmBackwardAttrs{.has_dh = has_dh, .has_dc = has_dc});
  return {made[0], made[0], made[1]};
}

std::vector<Value> grad_gru(Grad& g) {
  const std::array inputs{g.in(0), g.in(1), g.in(2), g.dy()};
  return g.graph.add_all(kRecurrentOps[3], inputs);
}

}  // namespace

std::span<const OpDef> recurrent_ops() { return kRecurrentOps; }

}  // namespace lemnos::ops
