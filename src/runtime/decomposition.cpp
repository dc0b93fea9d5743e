#include "runtime/decomposition.h"

#include "base/text.h"

namespace lemnos {

std::optional<Decomposition> decomposition_of(const Reference& c) {
  const OpDef& op = *c.node.op;
  if (!op.decompose) return {};
  Decomposition made;
  Node node{.op = &op, .inputs = {}, .outputs = {}, .attrs = c.node.attrs};
  for (size_t i = 0; i < c.in_desc.size(); ++i)
    node.inputs.push_back(made.graph.input(text("input", i), c.in_desc[i]).id());
  const std::vector<Value> parts = op.decompose(made.graph, node);
  if (parts.empty()) return {};
  require(parts.size() == c.out_desc.size(), ErrorCode::internal, op.name, ": its decomposition gives ", parts.size(),
          " outputs, the op has ", c.out_desc.size());
  for (size_t i = 0; i < parts.size(); ++i) {
    require(parts[i].desc() == c.out_desc[i], ErrorCode::internal, op.name, ": its decomposition gives ",
            parts[i].desc(), " as output ", i, ", the op ", c.out_desc[i]);
    made.outputs.push_back(parts[i].id());
  }
  made.inputs = std::move(node.inputs);
  return made;
}

}  // namespace lemnos
