// What a program needs of a graph: the one answer, for planning, interpreting, rewriting and looking.
#pragma once

#include <span>
#include <vector>

#include "lemnos/graph.h"

namespace lemnos {

/// The requested values of a graph, as ids.
struct Needs {
  std::vector<int> targets;  // must be computed
  std::vector<int> given;    // are taken as they are: nothing that only they depend on is computed
};

/// The nodes that `needs` takes, in their order; those that update what outlives a step come last, with those that read
/// what such a node made, so that a step can be dropped before them with nothing lost. Throws `invalid_argument` when a
/// node would read or update an older version of some memory than the one that is there when it runs, and naming a
/// given value that nothing reads.
std::vector<int> needed_nodes(const Graph& graph, const Needs& needs);

/// Whether the node writes memory that outlives a step. The gradient arena does not count: every step writes it anew.
bool updates_state(const Graph& graph, const Node& node);

}  // namespace lemnos
