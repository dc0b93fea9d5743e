// Loops written out, iteration by iteration.

#include <algorithm>

#include "autograd/loop.h"
#include "base/text.h"
#include "lemnos/ops.h"

namespace lemnos {

using autograd::from_rows, autograd::to_row;

namespace {

using Copies = std::map<int, Value>;  // of values of one graph, in another

void copy_nodes(Graph& to, const Graph& from, std::span<const int> nodes, Copies& copies);

// The outputs of a node that runs `loop` over `inputs`.
std::vector<Value> iterations(Graph& to, const Loop& loop, std::span<const Value> inputs) {
  const size_t carried = loop.carried.size(), sliced = loop.sliced.size();
  const std::vector<int> nodes = needed_nodes(*loop.body, loop.needs());
  std::vector<Value> now(inputs.begin(), inputs.begin() + static_cast<std::ptrdiff_t>(carried));
  std::vector<std::vector<Value>> rows(loop.stacked.size(), std::vector<Value>(static_cast<size_t>(loop.times)));
  for (int64_t i = 0; i < loop.times; ++i) {
    Copies copies;
    const int64_t row = loop.row(i);
    for (size_t k = 0; k < loop.inputs(); ++k) copies[loop.bound(k)] = k < carried ? now[k] : inputs[k];
    for (size_t k = 0; k < sliced; ++k) {
      const Shape& each = loop.body->info(loop.sliced[k]).desc.shape;
      copies[loop.sliced[k]] = reshape(from_rows(slice_axis(inputs[carried + k], 0, row, row + 1), each), each);
    }
    copy_nodes(to, *loop.body, nodes, copies);
    for (size_t k = 0; k < carried; ++k) now[k] = copies.at(loop.carried[k].out);
    for (size_t k = 0; k < rows.size(); ++k)
      rows[k][static_cast<size_t>(row)] = to_row(copies.at(loop.stacked[k].value));
  }
  for (const std::vector<Value>& all : rows) now.push_back(concat(all));
  return now;
}

void copy_nodes(Graph& to, const Graph& from, std::span<const int> nodes, Copies& copies) {
  for (int index : nodes) {
    const Node& node = from.nodes()[static_cast<size_t>(index)];
    std::vector<Value> inputs;
    for (int input : node.inputs) inputs.push_back(copies.at(input));
    const bool made = std::ranges::all_of(node.outputs, [&](int output) { return copies.contains(output); });
    if (made) continue;  // of values that come from outside
    const std::vector<Value> outputs =
        node.loop ? iterations(to, *node.loop, inputs) : to.add_all(*node.op, inputs, node.attrs);
    for (size_t i = 0; i < outputs.size(); ++i) copies.try_emplace(node.outputs[i], outputs[i]);
  }
}

}  // namespace

WrittenOut written_out(const Graph& graph) {
  WrittenOut made{std::make_unique<Graph>(), {}};
  for (size_t i = 0; i < graph.values().size(); ++i) {
    const ValueInfo& info = graph.info(static_cast<int>(i));
    if (info.alias >= 0) continue;  // a view is made by its node
    if (info.role == Role::input) made.values[static_cast<int>(i)] = made.graph->input(info.name, info.desc);
    if (info.role == Role::constant)
      made.values[static_cast<int>(i)] = made.graph->constant(info.desc, *info.initial, info.name);
    require(info.role == Role::activation || info.role == Role::input || info.role == Role::constant,
            ErrorCode::unsupported, "loops: the graph has the ", to_string(info.role), " '", info.name,
            "'; only inputs and constants can be copied");
  }
  std::vector<int> nodes(graph.nodes().size());
  for (size_t i = 0; i < nodes.size(); ++i) nodes[i] = static_cast<int>(i);
  copy_nodes(*made.graph, graph, nodes, made.values);
  return made;
}

}  // namespace lemnos
