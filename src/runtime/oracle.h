// The reference as a function: values of a graph in double, for whoever compares against it.
#pragma once

#include <map>
#include <span>
#include <vector>

#include "lemnos/graph.h"

namespace lemnos {

/// Runs the nodes that `targets` need and returns the targets' values. `inputs` by value id; the others hold zeros or
/// their initial content. `round` rounds every value to its dtype as a device would; without it the arithmetic is
/// double throughout, as central differences need.
std::vector<std::vector<double>> evaluate(const Graph& graph, std::span<const int> targets,
                                          const std::map<int, std::vector<double>>& inputs, bool round);

}  // namespace lemnos
