// The first value of a step that is not finite: the step's nodes without fusion, each output kept and read in order.

#include <cmath>
#include <string_view>

#include "base/text.h"
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

/// Nodes that the targets need, in order. What updates memory in place is left out, so that nothing changes.
std::vector<bool> needed_nodes(const Graph& graph, const std::vector<Value>& targets) {
  std::vector<bool> needed(graph.nodes().size());
  const auto mark = [&](int value) {
    if (const int producer = graph.info(value).producer; producer >= 0) needed[static_cast<size_t>(producer)] = true;
  };
  for (Value target : targets) mark(target.id());
  for (size_t n = graph.nodes().size(); n-- > 0;)
    if (needed[n])
      for (int input : graph.nodes()[n].inputs) mark(input);
  return needed;
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

std::string Trainer::first_bad_node() {
  require(impl_->training.program != nullptr, ErrorCode::invalid_argument,
          "first_bad_node: begin() has not been called");
  Graph& graph = *impl_->graph;
  for (Value p : graph.parameters())
    if (const std::string bad = not_finite(impl_->session->read_floats(p)); !bad.empty())
      return text("parameter ", p.name(), " ", p.desc(), ": ", bad);

  const std::vector<bool> needed = needed_nodes(graph, impl_->training.targets);
  std::vector<std::pair<const Node*, Value>> outputs;
  std::vector<Value> targets;
  for (size_t n = 0; n < needed.size(); ++n) {
    const Node& node = graph.nodes()[n];
    if (!needed[n] || !node.op->updates.empty()) continue;
    for (int output : node.outputs) {
      const ValueInfo& info = graph.info(output);
      const bool own = (info.role == Role::activation || info.role == Role::gradient) && info.alias < 0;
      if (!own || !is_floating(info.desc.dtype)) continue;
      outputs.emplace_back(&node, Value(&graph, output));
      targets.emplace_back(&graph, output);
    }
  }
  const std::unique_ptr<Program> program = impl_->session->compile({.targets = targets, .fuse = false});
  const Status status = program->run(1);
  require(status == Status::ok, ErrorCode::device_lost, "first_bad_node: ", to_string(status));
  for (const auto& [node, value] : outputs)
    if (const std::string bad = not_finite(program->read_floats(value)); !bad.empty())
      return text(described(graph, *node, value.id()), ": ", bad);
  return {};
}

}  // namespace lemnos
