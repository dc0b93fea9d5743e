// The reverse sweep from several outputs at once.
#pragma once

#include <span>
#include <vector>

#include "lemnos/graph.h"

namespace lemnos {

struct Seed {
  Value value, gradient;
};

/// The gradients of what has the given gradients at the seeds' values, for each of `wrt`; "no value" where there is
/// none. Values that are `given` come from outside: nothing flows through the nodes that make them.
std::vector<Value> sweep(Graph& graph, std::span<const Seed> seeds, std::span<const Value> wrt,
                         std::span<const int> given = {});

}  // namespace lemnos
