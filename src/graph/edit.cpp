#include "graph/edit.h"

#include <algorithm>

#include "base/text.h"
#include "graph/loop.h"

namespace lemnos {

GraphEdit::GraphEdit(Graph& graph, const Needs& needs)
    : graph_(graph),
      readers_(graph.values().size()),
      needed_(graph.nodes().size()),
      target_(graph.values().size()),
      given_(graph.values().size()),
      order_(needed_nodes(graph, needs)) {
  for (int target : needs.targets) target_[static_cast<size_t>(target)] = true;
  for (int value : needs.given) given_[static_cast<size_t>(value)] = true;
  for (int index : order_) {
    needed_[static_cast<size_t>(index)] = true;
    for (int input : node(index).inputs) read_by(input, index);
  }
}

void GraphEdit::read_by(int value, int index) { readers_[static_cast<size_t>(value)].push_back(index); }

void GraphEdit::no_longer_read_by(int value, int index) {
  std::vector<int>& all = readers_[static_cast<size_t>(value)];
  all.erase(std::ranges::find(all, index));
  if (all.empty() && producer(value) >= 0) drop_if_unread(producer(value));
}

// Nodes that are no longer needed count as no readers.
void GraphEdit::drop_if_unread(int index) {
  if (!is_needed(index)) return;
  for (int output : node(index).outputs)
    if (is_target(output) || !readers_[static_cast<size_t>(output)].empty()) return;
  needed_[static_cast<size_t>(index)] = false;
  for (int input : node(index).inputs) no_longer_read_by(input, index);
}

void GraphEdit::set_inputs(int index, std::vector<int> inputs) {
  const std::vector<int> before = std::exchange(graph_.nodes_[static_cast<size_t>(index)].inputs, std::move(inputs));
  for (int input : node(index).inputs) read_by(input, index);  // first: what is still read must not be dropped
  for (int input : before) no_longer_read_by(input, index);
}

bool GraphEdit::only_read_once(int value) const {
  return readers_[static_cast<size_t>(value)].size() == 1 && !is_target(value) &&
         graph_.info(value).role == Role::activation;
}

std::vector<int> GraphEdit::readers(int value) const {
  std::vector<int> found = readers_[static_cast<size_t>(value)];
  std::ranges::sort(found);
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

// The completed attributes of a node that computes exactly these outputs.
Attrs GraphEdit::require_outputs(const OpDef& op, std::span<const int> inputs, Attrs attrs,
                                 std::span<const int> outputs) const {
  Attrs complete = op.attrs.complete(op.name, attrs);
  std::vector<TensorDesc> descs;
  for (int input : inputs) descs.push_back(graph_.info(input).desc);
  const std::vector<TensorDesc> made = op.infer({op, descs, complete});
  require(made.size() == outputs.size(), ErrorCode::internal, op.name, ": a rewrite makes ", made.size(),
          " outputs of ", outputs.size());
  for (size_t i = 0; i < made.size(); ++i)
    require(made[i] == graph_.info(outputs[i]).desc, ErrorCode::internal, op.name, ": a rewrite turns ",
            graph_.info(outputs[i]).desc, " into ", made[i]);
  return complete;
}

void GraphEdit::replace(int index, const OpDef& op, std::vector<int> inputs, Attrs attrs) {
  Node& changed = graph_.nodes_[static_cast<size_t>(index)];
  changed.attrs = require_outputs(op, inputs, std::move(attrs), changed.outputs);
  changed.op = &op;
  set_inputs(index, std::move(inputs));
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
  Node& merged = graph_.nodes_[static_cast<size_t>(later)];
  merged.op = &op;
  merged.outputs = std::move(outputs);
  merged.attrs = std::move(complete);
  set_inputs(later, std::move(inputs));
  drop_if_unread(earlier);
  return true;
}

void GraphEdit::redirect(int index, int from, int to) {
  redirect(graph_, index, from, to);
  std::vector<int>& all = readers_[static_cast<size_t>(from)];
  for (auto count = std::ranges::count(all, index); count > 0; --count) {
    read_by(to, index);
    no_longer_read_by(from, index);
  }
}

void GraphEdit::redirect(Graph& graph, int index, int from, int to) {
  Node& node = graph.nodes_[static_cast<size_t>(index)];
  require(graph.info(from).desc == graph.info(to).desc, ErrorCode::internal, node.op->name, ": reads ",
          graph.info(from).desc, ", redirected to ", graph.info(to).desc);
  std::ranges::replace(node.inputs, from, to);
}

std::vector<Value> GraphEdit::add_loop(Graph& graph, const OpDef& op, std::shared_ptr<const Loop> loop,
                                       std::span<const Value> inputs) {
  Node node{.op = &op, .inputs = {}, .outputs = {}, .attrs = {}, .loop = std::move(loop)};
  for (Value input : inputs) node.inputs.push_back(input.id());
  const int index = static_cast<int>(graph.nodes_.size());
  std::vector<Value> results;
  for (size_t i = 0; i < node.loop->carried.size() + node.loop->stacked.size(); ++i) {
    TensorDesc desc = node.loop->body->info(node.loop->result(i)).desc;
    if (i >= node.loop->carried.size()) desc.shape = {node.loop->times, row_elements(desc)};
    results.push_back(graph.add_value({.desc = desc, .producer = index}));
    node.outputs.push_back(results.back().id());
  }
  graph.nodes_.push_back(std::move(node));
  return results;
}

Value GraphEdit::add_stacked(Graph& graph, int index, int value) {
  Node& node = graph.nodes_[static_cast<size_t>(index)];
  for (size_t i = 0; i < node.loop->stacked.size(); ++i)
    if (node.loop->stacked[i].value == value) return {&graph, node.outputs[node.loop->carried.size() + i]};
  auto loop = std::make_shared<Loop>(*node.loop);
  const bool trace = std::ranges::find(loop->carried, value, &Loop::Carried::out) != loop->carried.end();
  loop->stacked.push_back({value, trace});
  const TensorDesc& desc = loop->body->info(value).desc;
  const Value rows = graph.add_value({.desc = {{loop->times, row_elements(desc)}, desc.dtype}, .producer = index});
  node.outputs.push_back(rows.id());
  node.loop = std::move(loop);
  return rows;
}

void GraphEdit::detach(Graph& graph, int variable, Value (*copy)(Value)) {
  const int entry = graph.info(variable).entry;
  std::vector<Node>& nodes = graph.nodes_;
  for (size_t at = 0; at < nodes.size(); ++at)
    for (const Alias& alias : nodes[at].op->updates) {
      const int before = nodes[at].inputs[alias.input];
      if (graph.info(before).entry != entry) continue;
      const int own = copy({&graph, before}).id();
      std::rotate(nodes.begin() + static_cast<std::ptrdiff_t>(at), nodes.end() - 1, nodes.end());
      for (ValueInfo& info : graph.values_)
        if (info.producer >= static_cast<int>(at)) ++info.producer;
      graph.values_[static_cast<size_t>(own)].producer = static_cast<int>(at++);
      nodes[at].inputs[alias.input] = own;
      graph.values_[static_cast<size_t>(nodes[at].outputs[alias.output])].alias = own;
    }
  for (size_t id = 0; id < graph.values_.size(); ++id) {
    ValueInfo& info = graph.values_[id];
    if (info.entry != entry) continue;
    if (info.alias >= 0)
      graph.share_memory(static_cast<int>(id), info.alias);
    else
      info.role = Role::input, info.entry = -1;
  }
}

void rewrite(Graph& graph, const Needs& needs, std::span<const Rewrite> rewrites) {
  for (bool changed = true; changed;) {
    changed = false;
    GraphEdit edit(graph, needs);
    for (int index : edit.order())
      for (const Rewrite& candidate : rewrites)
        if (edit.is_needed(index) && candidate.apply(edit, index)) changed = true;
  }
}

}  // namespace lemnos
