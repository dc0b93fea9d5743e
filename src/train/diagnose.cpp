// The first value of a step that is not finite: the step's nodes without fusion, each output kept and read in order.

#include <cmath>
#include <string_view>

#include "base/status.h"
#include "graph/needs.h"
#include "lemnos/op.h"
#include "train/trainer_impl.h"

namespace lemnos {

namespace {

/// "element 5 is -inf", or nothing when all are finite.
std::string not_finite(const std::vector<float>& values) {
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
  std::vector<std::pair<const Node*, Value>> outputs;
  std::vector<Value> targets;
  for (int index : needed_nodes(graph, needs)) {
    const Node& node = graph.nodes()[static_cast<size_t>(index)];
    if (!node.op->updates.empty()) continue;  // so that nothing changes
    if (node.loop) continue;                  // rows with unused ends; who reads them comes next
    for (int output : node.outputs) {
      const ValueInfo& info = graph.info(output);
      if (info.role != Role::activation || info.alias >= 0 || !is_floating(info.desc.dtype)) continue;
      outputs.emplace_back(&node, Value(&graph, output));
      targets.emplace_back(&graph, output);
    }
  }
  const std::unique_ptr<Program> program = session().compile({.targets = targets, .fuse = false});
  require_ok(program->run(1), "first_bad_node");
  for (const auto& [node, value] : outputs)
    if (const std::string bad = not_finite(program->read_floats(value)); !bad.empty())
      return text(described(graph, *node, value.id()), ": ", bad);
  return {};
}

}  // namespace lemnos
