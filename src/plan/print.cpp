#include "base/text.h"
#include "plan/plan.h"

namespace lemnos {

std::string label_of(const Plan& plan, const PlannedDispatch& dispatch) {
  const Node& node = plan.graph.nodes()[static_cast<size_t>(dispatch.node)];
  std::string label = node.op->name;
  if (!node.outputs.empty()) label += text(' ', plan.graph.info(node.outputs[0]).desc);
  return label;
}

std::string to_string(const Plan& plan) {
  std::string out =
      text(plan.dispatches.size(), " dispatches, ", plan.barriers(), " barriers, activations ", plan.activation_bytes,
           " bytes, moves ", plan.cost.bytes, " bytes, ", plan.cost.flops, " flops\n");
  for (const PlannedDispatch& d : plan.dispatches) {
    if (d.barrier_before) out += "  -- barrier\n";
    out += text("  ", label_of(plan, d), "  [", d.dispatch.kernel->name, " x ", d.dispatch.groups, "]\n");
  }
  return out;
}

}  // namespace lemnos
