// Loops: recurrent layers by ONNX's own ops, all others written out. And the cells of recurrent layers by smaller ops.
#include <algorithm>
#include <numeric>
#include <optional>

#include "base/text.h"
#include "graph/loop.h"
#include "onnx/export.h"
#include "reference/matmul.h"

namespace lemnos::onnx {

namespace {

// Recurrent layers
// ---------------------------------------------------------------------------------------------------

/// A kind of recurrent layer. `blocks`: which gate of Lemnos stands in each place of ONNX.
struct Kind {
  const char* op;
  const char* cell;
  std::vector<int64_t> blocks;
  bool has_c;
};
const Kind kKinds[] = {{"LSTM", "lstm_cell", {0, 3, 1, 2}, true},  // i f g o; i o f c
                       {"GRU", "gru_cell", {1, 0, 2}, false},      // r z n; z r h
                       {"RNN", "tanh", {0}, false},
                       {"RNN", "relu", {0}, false}};

// y = x weight^T + bias, in values of one graph; bias -1: none.
struct Product {
  int x = -1, weight = -1, bias = -1;
};

int producer_named(const TwinGraph& twin, int value, std::string_view op) {
  const int node = twin.info(value).producer;
  return node >= 0 && twin.few(node).op->name == op ? node : -1;
}

std::optional<Product> product_of(const TwinGraph& twin, int value) {
  Product p;
  if (const int sum = producer_named(twin, value, "add"); sum >= 0) {
    value = twin.few(sum).inputs[0];
    p.bias = twin.few(sum).inputs[1];
  }
  const int node = producer_named(twin, value, "matmul");
  if (node < 0) return std::nullopt;
  const auto attrs = twin.few(node).attrs.as<MatmulAttrs>();
  if (attrs.transpose_a || !attrs.transpose_b || attrs.alpha != 1 || twin.few(node).inputs.size() != 2)
    return std::nullopt;
  p.x = twin.few(node).inputs[0];
  p.weight = twin.few(node).inputs[1];
  return p;
}

// A recurrent layer found in a loop; the products' values are those of the graph around it.
struct Layer {
  const Kind* kind = nullptr;
  Product input, hidden;
};

// What input `i` of the node is to the body. (A shared library keeps Loop's own to itself.)
int bound_of(const Loop& loop, size_t i) {
  if (i < loop.carried.size()) return loop.carried[i].in;
  i -= loop.carried.size();
  return i < loop.sliced.size() ? loop.sliced[i] : loop.captured[i - loop.sliced.size()];
}

int outer_of(const Loop& loop, const Node& node, int inner) {
  for (size_t i = 0; i < loop.inputs(); ++i)
    if (bound_of(loop, i) == inner) return node.inputs[i];
  return -1;
}

// The rows of a loop as they were before they were laid out for it.
int before_layout(const TwinGraph& twin, int value) {
  for (;;) {
    int node = producer_named(twin, value, "pad");
    if (node < 0) node = producer_named(twin, value, "reshape");
    if (node < 0) return value;
    value = twin.few(node).inputs[0];
  }
}

// What the cell's sums are made of: the state's part, by a product within the body.
std::optional<int> hidden_part(const TwinGraph& body, const Loop& loop, const Kind& kind) {
  const int cell = producer_named(body, loop.carried[0].out, kind.cell);
  if (cell < 0) return std::nullopt;
  const std::vector<int>& in = body.few(cell).inputs;
  if (in.size() == 3) {
    const bool fits = in[0] == loop.sliced[0] && in[2] == loop.carried.back().in &&
                      body.few(cell).outputs.back() == loop.carried.back().out;
    return fits ? std::optional(in[1]) : std::nullopt;
  }
  const int sum = producer_named(body, in[0], "add");
  if (sum < 0 || body.few(sum).inputs[0] != loop.sliced[0]) return std::nullopt;
  return body.few(sum).inputs[1];
}

std::optional<Layer> layer_of(const TwinGraph& twin, const Node& node, const TwinGraph& body, const Loop& loop) {
  const bool plain = loop.sliced.size() == 1 && loop.stacked.size() == 1 && loop.ended < 0 && !loop.carried.empty() &&
                     loop.stacked[0].value == loop.carried[0].out;
  for (const Kind& kind : kKinds) {
    if (!plain || loop.carried.size() != (kind.has_c ? 2u : 1u)) continue;
    const std::optional<int> part = hidden_part(body, loop, kind);
    std::optional<Product> hidden = part ? product_of(body, *part) : std::nullopt;
    if (!hidden || hidden->x != loop.carried[0].in) continue;
    hidden->weight = outer_of(loop, node, hidden->weight);
    if (hidden->bias >= 0) hidden->bias = outer_of(loop, node, hidden->bias);
    const int rows = before_layout(twin, node.inputs[loop.carried.size()]);
    const std::optional<Product> input = product_of(twin, rows);
    if (!input) return std::nullopt;
    for (int weight : {input->weight, input->bias, hidden->weight, hidden->bias})
      if (weight >= 0 && twin.info(weight).role != Role::parameter) return std::nullopt;
    return Layer{&kind, *input, *hidden};
  }
  return std::nullopt;
}

// The gates' rows in ONNX's order, behind an axis of directions.
Tensor reordered(const Tensor& given, const std::vector<int64_t>& blocks) {
  Tensor made{.name = given.name, .dtype = given.dtype};
  const size_t block = given.values.size() / blocks.size();
  for (int64_t from : blocks) {
    const auto begin = given.values.begin() + static_cast<std::ptrdiff_t>(static_cast<size_t>(from) * block);
    made.values.insert(made.values.end(), begin, begin + static_cast<std::ptrdiff_t>(block));
  }
  std::vector<int64_t> dims{1};
  dims.insert(dims.end(), given.shape.begin(), given.shape.end());
  made.shape = Shape(dims);
  return made;
}

std::string weights_input(ExportCall& c, int value, const Kind& kind) {
  return c.exporter().initializer(reordered(c.exporter().read(c.twin().graph(), value), kind.blocks));
}

// Both biases, one after the other; where one is left out it is zeros.
std::string biases_input(ExportCall& c, const Layer& layer) {
  if (layer.input.bias < 0 && layer.hidden.bias < 0) return "";
  const TensorDesc& weight = c.twin().info(layer.hidden.weight).desc;
  Tensor all{.name = c.twin().info(layer.hidden.weight).name + ".biases", .dtype = onnx_word(weight.dtype)};
  for (int bias : {layer.input.bias, layer.hidden.bias}) {
    const Tensor part = bias >= 0 ? reordered(c.exporter().read(c.twin().graph(), bias), layer.kind->blocks)
                                  : Tensor{.values = std::vector<double>(static_cast<size_t>(weight.shape[0]))};
    all.values.insert(all.values.end(), part.values.begin(), part.values.end());
  }
  all.shape = Shape{1, 2 * weight.shape[0]};
  return c.exporter().initializer(all);
}

bool is_zeros(const TwinGraph& twin, int value) {
  if (const int node = producer_named(twin, value, "broadcast_to"); node >= 0) value = twin.few(node).inputs[0];
  const ValueInfo& info = twin.info(value);
  return info.role == Role::constant &&
         std::ranges::all_of(*info.initial, [](std::byte b) { return b == std::byte{}; });
}

// What a loop begins with; zeros are what ONNX takes where nothing stands.
std::string first_state(ExportCall& c, size_t i) {
  const int value = c.node().inputs[i];
  return is_zeros(c.twin(), value) ? "" : c.add("Unsqueeze", {c.in(i), c.list({0})});
}

// Rows [T, ..] as a loop leaves them: flat, and longer where a device asks for that.
void give_rows(ExportCall& c, size_t output, const std::string& rows, int64_t elements) {
  const Extents extents = c.out_extents(output);
  const int64_t unused = c.out_desc(output).shape[1] - elements;
  if (unused == 0) return c.give(output, c.reshaped(rows, extents));
  const std::string flat = c.reshaped(rows, {extents[0], {.number = elements}});
  c.give(output, c.add("Pad", {flat, c.list({0, 0, 0, unused})}));
}

void write_layer(ExportCall& c, const Layer& layer, const Loop& loop, const TwinGraph& body) {
  std::vector<std::string> inputs{c.name_of(layer.input.x), weights_input(c, layer.input.weight, *layer.kind),
                                  weights_input(c, layer.hidden.weight, *layer.kind), biases_input(c, layer), ""};
  for (size_t i = 0; i < loop.carried.size(); ++i) inputs.push_back(first_state(c, i));
  while (inputs.back().empty()) inputs.pop_back();
  const Shape& state = body.info(loop.carried[0].out).desc.shape;
  const Attribute units = integer_attribute("hidden_size", state[1]),
                  direction = word_attribute("direction", loop.backward ? "reverse" : "forward");
  Attribute functions{.name = "activations", .texts = {"Relu"}, .type = Attribute::kStrings};
  const std::string op = layer.kind->op;
  std::vector<std::string> made;
  if (op == "GRU")
    made = c.exporter().add(op, inputs, {units, direction, integer_attribute("linear_before_reset", 1)}, {"y", "h"});
  else if (op == "RNN" && std::string(layer.kind->cell) == "relu")
    made = c.exporter().add(op, inputs, {units, direction, functions}, {"y", "h"});
  else
    made =
        c.exporter().add(op, inputs, {units, direction},
                         op == "LSTM" ? std::vector<std::string>{"y", "h", "c"} : std::vector<std::string>{"y", "h"});
  for (size_t i = 0; i < loop.carried.size(); ++i) c.give(i, c.reshaped(made[1 + i], c.out_extents(i)));
  give_rows(c, loop.carried.size(), made[0], body.info(loop.stacked[0].value).desc.elements());
}

// Other loops
// --------------------------------------------------------------------------------------------------------

void write_out(ExportCall& c, const Loop& loop, const TwinGraph& body) {
  if (loop.ended >= 0) c.refuse("a loop that may end early");
  std::vector<std::string> carried, sliced;
  for (size_t i = 0; i < loop.carried.size(); ++i) carried.push_back(c.in(i));
  std::vector<int> wanted;
  for (const Loop::Carried& v : loop.carried) wanted.push_back(v.out);
  for (const Loop::Stacked& v : loop.stacked) wanted.push_back(v.value);
  std::vector<std::vector<std::string>> rows(loop.stacked.size(),
                                             std::vector<std::string>(static_cast<size_t>(loop.times)));
  for (int64_t i = 0; i < loop.times; ++i) {
    Frame frame{body, {}};
    const int64_t row = loop.row(i);
    for (size_t k = 0; k < loop.carried.size(); ++k) frame.names[loop.carried[k].in] = carried[k];
    for (size_t k = 0; k < loop.inputs() - loop.carried.size(); ++k) {
      const size_t input = loop.carried.size() + k;
      if (k >= loop.sliced.size()) {
        frame.names[bound_of(loop, input)] = c.in(input);
        continue;
      }
      const TensorDesc& each = body.info(loop.sliced[k]).desc;
      const bool is_padded = c.in_desc(input).shape[1] != each.elements();
      std::vector<int64_t> begin{row}, end{row + 1}, axes{0};
      if (is_padded) begin.push_back(0), end.push_back(each.elements()), axes.push_back(1);
      const std::string part = c.add("Slice", {c.in(input), c.list(begin), c.list(end), c.list(axes)});
      frame.names[loop.sliced[k]] = c.reshaped(part, body.extents(loop.sliced[k]));
    }
    write_nodes(c.exporter(), frame, wanted);
    const auto made = [&](int value) { return frame.names.at(body.resolved(value)); };
    for (size_t k = 0; k < loop.carried.size(); ++k) carried[k] = made(loop.carried[k].out);
    for (size_t k = 0; k < loop.stacked.size(); ++k)
      rows[k][static_cast<size_t>(row)] = c.add("Unsqueeze", {made(loop.stacked[k].value), c.list({0})});
  }
  for (size_t k = 0; k < loop.carried.size(); ++k) c.give(k, carried[k]);
  for (size_t k = 0; k < loop.stacked.size(); ++k)
    give_rows(c, loop.carried.size() + k, c.add("Concat", rows[k], {integer_attribute("axis", 0)}),
              body.info(loop.stacked[k].value).desc.elements());
}

void loop_export(ExportCall& c) {
  const Loop &loop = *c.node().loop, &more = *c.twin_node().loop;
  const TwinGraph body(*loop.body, *more.body, c.twin().few_rows(), c.twin().more_rows());
  const std::optional<Layer> layer = layer_of(c.twin(), c.node(), body, loop);
  if (layer)
    write_layer(c, *layer, loop, body);
  else
    write_out(c, loop, body);
}

// Cells
// --------------------------------------------------------------------------------------------------------------

std::vector<std::string> gates_of(ExportCall& c, const std::string& sums, int64_t count) {
  const int64_t units = c.in_desc(2).shape[1];
  std::vector<std::string> gates;
  for (int64_t i = 0; i < count; ++i)
    gates.push_back(c.add("Slice", {sums, c.list({i * units}), c.list({(i + 1) * units}), c.list({1})}));
  return gates;
}

void lstm_cell_export(ExportCall& c) {
  const std::vector<std::string> g = gates_of(c, c.add("Add", {c.in(0), c.in(1)}), 4);
  const auto sigmoid = [&](size_t i) { return c.add("Sigmoid", {g[i]}); };
  const std::string kept = c.add("Mul", {sigmoid(1), c.in(2)}),
                    taken = c.add("Mul", {sigmoid(0), c.add("Tanh", {g[2]})});
  const std::string next = c.add("Add", {kept, taken});
  c.give(0, c.add("Mul", {sigmoid(3), c.add("Tanh", {next})}));
  c.give(1, next);
}

void gru_cell_export(ExportCall& c) {
  const std::vector<std::string> a = gates_of(c, c.in(0), 3), b = gates_of(c, c.in(1), 3);
  const auto gate = [&](size_t i) { return c.add("Sigmoid", {c.add("Add", {a[i], b[i]})}); };
  const std::string n = c.add("Tanh", {c.add("Add", {a[2], c.add("Mul", {gate(0), b[2]})})});
  c.give(0, c.add("Add", {n, c.add("Mul", {gate(1), c.add("Sub", {c.in(2), n})})}));
}

}  // namespace

std::vector<int> values_of_loop(const TwinGraph& twin, int node) {
  const Node& n = twin.few(node);
  const TwinGraph body(*n.loop->body, *twin.more(node).loop->body, twin.few_rows(), twin.more_rows());
  const std::optional<Layer> layer = layer_of(twin, n, body, *n.loop);
  if (!layer) return n.inputs;
  std::vector<int> values{layer->input.x};
  for (size_t i = 0; i < n.loop->carried.size(); ++i)
    if (!is_zeros(twin, n.inputs[i])) values.push_back(n.inputs[i]);
  return values;
}

void add_export_loops(ExportTable& t) {
  t["repeat"] = loop_export;
  t["lstm_cell"] = lstm_cell_export;
  t["gru_cell"] = gru_cell_export;
}

}  // namespace lemnos::onnx
