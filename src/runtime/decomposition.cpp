#include "runtime/decomposition.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "lemnos/graph.h"
#include "runtime/oracle.h"

namespace lemnos {

bool compute_by_parts(const Reference& c) {
  const OpDef& op = *c.node.op;
  if (!op.decompose) return false;
  Graph graph;
  Node node{.op = &op, .inputs = {}, .outputs = {}, .attrs = c.node.attrs};
  for (size_t i = 0; i < c.in.size(); ++i) node.inputs.push_back(graph.input(text("input", i), c.in_desc[i]).id());
  const std::vector<Value> parts = op.decompose(graph, node);
  if (parts.empty()) return false;
  require(parts.size() == c.out.size(), ErrorCode::internal, op.name, ": its decomposition gives ", parts.size(),
          " outputs, the op has ", c.out.size());

  std::map<int, std::vector<double>> inputs;
  for (size_t i = 0; i < c.in.size(); ++i) inputs[node.inputs[i]].assign(c.in[i].begin(), c.in[i].end());
  std::vector<int> targets;
  for (size_t i = 0; i < parts.size(); ++i) {
    require(parts[i].desc() == c.out_desc[i], ErrorCode::internal, op.name, ": its decomposition gives ",
            parts[i].desc(), " as output ", i, ", the op ", c.out_desc[i]);
    targets.push_back(parts[i].id());
  }
  const std::vector<std::vector<double>> results = evaluate(graph, targets, inputs, false);
  for (size_t i = 0; i < results.size(); ++i) std::ranges::copy(results[i], c.out[i].begin());
  return true;
}

}  // namespace lemnos
