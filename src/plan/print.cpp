#include "base/text.h"
#include "plan/plan.h"

namespace lemnos {

std::pair<std::string, std::string> op_and_result(const Plan& plan, const PlannedDispatch& dispatch) {
  if (dispatch.body_dispatch >= 0) {
    const Plan& body = *plan.loops[static_cast<size_t>(dispatch.loop)].body;
    return op_and_result(body, body.dispatches[static_cast<size_t>(dispatch.body_dispatch)]);
  }
  const Node& node = plan.graph.nodes()[static_cast<size_t>(dispatch.node)];
  return {node.op->name, node.outputs.empty() ? "" : text(plan.graph.info(node.outputs[0]).desc)};
}

std::string label_of(const Plan& plan, const PlannedDispatch& dispatch) {
  const auto [op, result] = op_and_result(plan, dispatch);
  return result.empty() ? op : op + ' ' + result;
}

std::string to_string(const Plan& plan) {
  std::string out =
      text(plan.dispatches.size(), " dispatches, ", plan.barriers(), " barriers, activations ", plan.activation_bytes,
           " bytes, moves ", plan.cost.bytes, " bytes, ", plan.cost.flops, " flops\n");
  for (size_t i = 0; i < plan.dispatches.size(); ++i) {
    const PlannedDispatch& d = plan.dispatches[i];
    const PlannedLoop* loop = d.loop < 0 ? nullptr : &plan.loops[static_cast<size_t>(d.loop)];
    if (loop && loop->first == static_cast<int>(i)) out += text("  ", loop->times, " times:\n");
    const char* indent = loop ? "    " : "  ";
    if (d.barrier_before) out += text(indent, "-- barrier\n");
    out += text(indent, label_of(plan, d), "  [", d.dispatch.kernel->name, " x ", d.dispatch.groups, "]\n");
  }
  return out;
}

}  // namespace lemnos
