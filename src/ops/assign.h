// Gradients in their arena, as autograd places them.
#pragma once

#include <cstdint>
#include <set>
#include <span>

#include "lemnos/graph.h"

namespace lemnos::ops {

/// The newest gradient arena with gradients[i], or nothing where it is empty, at the place of parameters[i].
Value add_place_gradients(std::span<const Value> parameters, std::span<const Value> gradients);
/// The offsets in the newest gradient arena where gradients were placed.
std::set<int64_t> placed_offsets(Graph& graph);

}  // namespace lemnos::ops
