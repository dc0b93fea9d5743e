// A graph as text, one node a line; and its hash, under which compiled plans are kept.
#pragma once

#include <span>
#include <string>

#include "lemnos/graph.h"

namespace lemnos {

std::string to_string(const Attrs& attrs);
std::string to_string(const Graph& graph, std::span<const int> nodes);
uint64_t hash_of(const Graph& graph, std::span<const int> nodes);

}  // namespace lemnos
