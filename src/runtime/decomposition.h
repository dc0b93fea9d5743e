// Fused ops in the oracle: a node is computed by the smaller ops that define it.
#pragma once

#include <optional>
#include <vector>

#include "lemnos/graph.h"
#include "lemnos/op.h"

namespace lemnos {

/// What defines a fused node: a graph of smaller ops, with the node's inputs and outputs in their order.
struct Decomposition {
  Graph graph;
  std::vector<int> inputs, outputs;
};

/// Nothing where the op has no decomposition or gives none for this node: then `OpDef::reference` defines it.
std::optional<Decomposition> decomposition_of(const Reference& c);

}  // namespace lemnos
