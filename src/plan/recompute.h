// Activations that are cheap to compute again need not be kept from the forward to the backward pass.
#pragma once

#include <vector>

#include "graph/needs.h"

namespace lemnos {

/// Makes elementwise activations a second time, right before they are read again after a long while, where what they
/// are computed from is kept anyway: less memory, more launches, the same bits. Returns the new order of the nodes.
std::vector<int> recompute(Graph& graph, std::vector<int> order, const Needs& needs);

}  // namespace lemnos
