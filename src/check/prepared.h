// A case made concrete: its graph for one dtype and direction, the inputs' values, and the reference's results.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "check/case.h"

namespace lemnos::check {

enum class Direction : uint8_t { forward, backward };
const char* to_string(Direction direction);

struct Prepared {
  std::unique_ptr<Graph> graph;
  std::vector<Value> outputs;  // what is compared: the op's outputs, or the gradients of its inputs
  std::map<int, std::vector<double>> inputs;
  std::vector<std::vector<double>> reference;
  std::vector<std::vector<double>> bounds;  // |A| . |B| for products; empty otherwise
};

/// The graph and its outputs alone, with no number in it: for who plans a case and runs nothing.
Prepared outline(const Case& c, DType dtype, Direction direction);

/// Throws what building the graph throws.
Prepared prepare(const Case& c, DType dtype, Direction direction, uint64_t seed);

/// The reference's gradients against central differences in double. An empty string, or what differs.
std::string check_differences(const Case& c, uint64_t seed);
/// The op and its gradients against the smaller ops that it can be built from, where it says which; an empty string
/// when they agree.
std::string check_decomposition(const Case& c, uint64_t seed);

}  // namespace lemnos::check
