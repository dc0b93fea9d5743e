#include "graph/edit.h"

#include <algorithm>

#include "base/text.h"

namespace lemnos {

GraphEdit::GraphEdit(Graph& graph, std::span<const int> targets)
    : graph_(graph), targets_(targets.begin(), targets.end()) {
  count_readers();
}

void GraphEdit::count_readers() {
  readers_.assign(graph_.values().size(), 0);
  needed_.assign(graph_.nodes().size(), false);
  for (int index : needed_nodes(graph_, targets_)) {
    needed_[static_cast<size_t>(index)] = true;
    for (int input : node(index).inputs) ++readers_[static_cast<size_t>(input)];
  }
  for (int target : targets_) readers_[static_cast<size_t>(target)] += 2;
}

bool GraphEdit::only_read_once(int value) const {
  return readers_[static_cast<size_t>(value)] == 1 && graph_.info(value).role == Role::activation;
}

bool GraphEdit::is_target(int value) const { return std::ranges::count(targets_, value) > 0; }

std::vector<int> GraphEdit::readers(int value) const {
  std::vector<int> found;
  for (size_t i = 0; i < needed_.size(); ++i)
    if (needed_[i] && std::ranges::count(graph_.nodes()[i].inputs, value)) found.push_back(static_cast<int>(i));
  return found;
}

// The completed attributes of a node that makes exactly these outputs.
Attrs GraphEdit::require_outputs(const OpDef& op, std::span<const int> inputs, Attrs attrs,
                                 std::span<const int> outputs) const {
  Graph scratch = graph_;  // completes the attributes and infers the shapes as any caller's node
  std::vector<Value> values;
  for (int input : inputs) values.push_back({&scratch, input});
  const std::vector<Value> made = scratch.add_all(op, values, std::move(attrs));
  require(made.size() == outputs.size(), ErrorCode::internal, op.name, ": a rewrite makes ", made.size(),
          " outputs of ", outputs.size());
  for (size_t i = 0; i < made.size(); ++i)
    require(made[i].desc() == graph_.info(outputs[i]).desc, ErrorCode::internal, op.name, ": a rewrite turns ",
            graph_.info(outputs[i]).desc, " into ", made[i].desc());
  return scratch.nodes().back().attrs;
}

void GraphEdit::replace(int index, const OpDef& op, std::vector<int> inputs, Attrs attrs) {
  Node& node = graph_.nodes_[static_cast<size_t>(index)];
  node.attrs = require_outputs(op, inputs, std::move(attrs), node.outputs);
  node.op = &op;
  node.inputs = std::move(inputs);
  count_readers();
}

bool GraphEdit::merge(int first, int second, const OpDef& op, std::vector<int> inputs, Attrs attrs) {
  const auto [earlier, later] = std::minmax(first, second);
  for (int output : node(earlier).outputs)
    for (int reader : readers(output))
      if (reader <= later) return false;
  std::vector<int> outputs = node(first).outputs;
  outputs.insert(outputs.end(), node(second).outputs.begin(), node(second).outputs.end());
  Attrs complete = require_outputs(op, inputs, std::move(attrs), outputs);
  for (int output : outputs) graph_.values_[static_cast<size_t>(output)].producer = later;
  graph_.nodes_[static_cast<size_t>(earlier)].outputs.clear();
  graph_.nodes_[static_cast<size_t>(later)] = {&op, std::move(inputs), std::move(outputs), std::move(complete)};
  count_readers();
  return true;
}

void GraphEdit::redirect(int index, int from, int to) {
  redirect(graph_, index, from, to);
  count_readers();
}

void GraphEdit::redirect(Graph& graph, int index, int from, int to) {
  Node& node = graph.nodes_[static_cast<size_t>(index)];
  require(graph.info(from).desc == graph.info(to).desc, ErrorCode::internal, node.op->name, ": reads ",
          graph.info(from).desc, ", redirected to ", graph.info(to).desc);
  std::ranges::replace(node.inputs, from, to);
}

namespace {

bool updates_memory(const Node& node) { return !node.op->updates.empty(); }

void check_order(const Graph& graph, std::span<const int> order) {
  std::vector<bool> updated(graph.values().size(), false);
  for (int index : order) {
    const Node& node = graph.nodes()[static_cast<size_t>(index)];
    for (int input : node.inputs) {
      const ValueInfo& info = graph.info(input);
      const bool was_updated = updated[static_cast<size_t>(graph.storage_of(input))];
      require(!was_updated || info.producer >= 0, ErrorCode::invalid_argument, node.op->name, ": reads '", info.name,
              "' after it was updated in the same step");
    }
    if (updates_memory(node))
      for (const Alias& alias : node.op->updates)
        updated[static_cast<size_t>(graph.storage_of(node.outputs[alias.output]))] = true;
  }
}

}  // namespace

std::vector<int> needed_nodes(const Graph& graph, std::span<const int> targets) {
  std::vector<bool> needed(graph.nodes().size(), false);
  std::vector<int> open(targets.begin(), targets.end());
  // The flat gradient arena is written by whoever makes a placed gradient.
  bool gradients_open = false;
  while (!open.empty()) {
    const int value = open.back();
    open.pop_back();
    const ValueInfo& info = graph.info(value);
    if (info.role == Role::gradient && info.producer < 0 && !gradients_open) {
      gradients_open = true;
      for (size_t i = 0; i < graph.values().size(); ++i)
        if (graph.values()[i].role == Role::gradient && graph.values()[i].producer >= 0)
          if (graph.values()[i].alias < 0) open.push_back(static_cast<int>(i));
    }
    if (info.producer < 0 || needed[static_cast<size_t>(info.producer)]) continue;
    needed[static_cast<size_t>(info.producer)] = true;
    for (int input : graph.nodes()[static_cast<size_t>(info.producer)].inputs) open.push_back(input);
  }
  std::vector<int> order;
  std::vector<bool> late(needed.size(), false);  // updates memory, or reads what such a node made
  for (size_t i = 0; i < needed.size(); ++i) {
    if (!needed[i]) continue;
    const Node& node = graph.nodes()[i];
    late[i] = updates_memory(node) || std::ranges::any_of(node.inputs, [&](int input) {
                const int producer = graph.info(input).producer;
                return producer >= 0 && late[static_cast<size_t>(producer)];
              });
    order.push_back(static_cast<int>(i));
  }
  std::stable_partition(order.begin(), order.end(), [&](int i) { return !late[static_cast<size_t>(i)]; });
  check_order(graph, order);
  return order;
}

void rewrite(Graph& graph, std::span<const int> targets, std::span<const Rewrite> rewrites) {
  for (bool changed = true; changed;) {
    changed = false;
    GraphEdit edit(graph, targets);
    for (int index : needed_nodes(graph, targets))
      for (const Rewrite& candidate : rewrites)
        if (candidate.apply(edit, index)) changed = true;
  }
}

}  // namespace lemnos
