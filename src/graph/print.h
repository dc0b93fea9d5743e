// A graph as text, one node a line; and its hash, under which compiled plans are kept.
#pragma once

#include <span>
#include <string>

#include "lemnos/graph.h"

namespace lemnos {

std::string to_string(const Attrs& attrs);
std::string to_string(const Graph& graph, std::span<const int> nodes);
/// A node without its names: "matmul(f32[128, 784], f32[784, 512]) transpose_a=0 transpose_b=0".
std::string shape_text(const Graph& graph, const Node& node);
uint64_t hash_of(const Graph& graph, std::span<const int> nodes);

}  // namespace lemnos
