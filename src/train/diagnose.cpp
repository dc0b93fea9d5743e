// The first value of a step that is not finite: the step's nodes without fusion, each output kept and read in order.

#include <algorithm>
#include <cmath>
#include <map>
#include <span>

#include "base/status.h"
#include "graph/edit.h"
#include "graph/loop.h"
#include "lemnos/op.h"
#include "train/trainer_impl.h"

namespace lemnos {

namespace {

/// "element 5 is -inf", or nothing when all are finite.
std::string not_finite(std::span<const float> values) {
  for (size_t i = 0; i < values.size(); ++i)
    if (!std::isfinite(values[i])) return text("element ", i, " is ", values[i]);
  return {};
}

std::string described(const Graph& graph, const Node& node, int output) {
  std::string line = text("node ", node.op->name, " -> ", graph.info(output).desc, " of (");
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    const ValueInfo& info = graph.info(node.inputs[i]);
    line += text(i ? ", " : "", info.name.empty() ? to_string(info.desc) : info.name);
  }
  return line + ")";
}

/// The results of a node in a step, or in one iteration of a loop.
struct Made {
  const Graph* graph = nullptr;
  const Node* node = nullptr;
  int output = -1;
  Value where;  // in the graph of the step
  int64_t row = -1, iteration = -1, times = 0;
};

/// In the order of the nodes.
std::vector<Made> made_by(const Graph& graph, const std::vector<int>& nodes) {
  std::vector<Made> made;
  for (int index : nodes) {
    const Node& node = graph.nodes()[static_cast<size_t>(index)];
    if (!node.op->updates.empty()) continue;  // so that nothing changes
    // The rows of a loop have unused ends.
    const size_t count = node.loop ? node.loop->carried.size() : node.outputs.size();
    for (int output : std::span(node.outputs).first(count)) {
      const ValueInfo& info = graph.info(output);
      if (info.role != Role::activation || info.alias >= 0 || !is_floating(info.desc.dtype)) continue;
      made.push_back({.graph = &graph, .node = &node, .output = output, .where = {}});
    }
  }
  return made;
}

/// The results of a loop's body, iteration by iteration; the loop keeps its rows from now on. The number of iterations
/// of a loop that may stop is unknown here.
void add_iterations(Graph& graph, int index, std::vector<Made>& all) {
  const std::shared_ptr<const Loop> loop = graph.nodes()[static_cast<size_t>(index)].loop;
  if (loop->ended >= 0) return;
  std::vector<Made> body = made_by(*loop->body, needed_nodes(*loop->body, loop->needs()));
  std::erase_if(body, [](const Made& m) { return m.node->loop != nullptr; });
  for (Made& m : body) m.where = GraphEdit::add_stacked(graph, index, m.output);
  for (int64_t i = 0; i < loop->times; ++i)
    for (Made& m : body) {
      // The last carried value is an output of the node.
      const bool last = i + 1 == loop->times;
      if (last && std::ranges::find(loop->carried, m.output, &Loop::Carried::out) != loop->carried.end()) continue;
      m.row = loop->row(i), m.iteration = i, m.times = loop->times;
      all.push_back(m);
    }
}

}  // namespace

std::string Trainer::first_bad_parameter() {
  for (const train::CheckpointEntry& e : impl_->learned.entries())
    if (e.purpose == Purpose::parameter)
      if (const std::string bad = not_finite(session().read_floats(e.value)); !bad.empty())
        return text("parameter ", e.name, " ", e.desc, ": ", bad);
  return {};
}

std::string Trainer::first_bad_node() {
  require(impl_->training != nullptr, ErrorCode::invalid_argument, "first_bad_node: begin() has not been called");
  if (std::string bad = first_bad_parameter(); !bad.empty()) return bad;
  Graph& graph = impl_->training->graph();
  Needs needs;
  for (Value target : impl_->training->targets) needs.targets.push_back(target.id());
  std::vector<Made> all;
  for (int index : needed_nodes(graph, needs)) {
    if (graph.nodes()[static_cast<size_t>(index)].loop) add_iterations(graph, index, all);
    for (Made& m : made_by(graph, {index})) {
      m.where = {&graph, m.output};
      all.push_back(m);
    }
  }
  std::map<int, std::vector<float>> read;
  std::vector<Value> targets;
  for (const Made& m : all)
    if (read.try_emplace(m.where.id()).second) targets.push_back(m.where);
  const std::unique_ptr<Program> program = session().compile({.targets = targets, .fuse = false});
  require_ok(program->run(1), "first_bad_node");
  for (const Made& m : all) {
    std::vector<float>& values = read[m.where.id()];
    if (values.empty()) values = program->read_floats(m.where);
    std::span<const float> made = values;
    if (m.row >= 0) made = made.subspan(static_cast<size_t>(m.row * m.where.shape()[1]));
    made = made.first(static_cast<size_t>(m.graph->info(m.output).desc.elements()));
    if (const std::string bad = not_finite(made); !bad.empty())
      return text(described(*m.graph, *m.node, m.output),
                  m.row < 0 ? "" : text(", iteration ", m.iteration, " of ", m.times), ": ", bad);
  }
  return {};
}

}  // namespace lemnos
