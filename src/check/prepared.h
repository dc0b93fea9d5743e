// A concrete case: its graph for one dtype and direction, the inputs' values, the reference's results, and how far a
// result may be from them.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "check/case.h"

namespace lemnos::check {

/// second: the gradients of the gradients.
enum class Direction : uint8_t { forward, backward, second };
const char* to_string(Direction direction);

struct Prepared {
  std::unique_ptr<Graph> graph;
  std::vector<Value> outputs;  // compared values: the op's outputs, the gradients of its inputs, or second gradients
  std::vector<std::string> names;  // "output0", "dinput1", or "ddinput1"
  std::map<int, std::vector<double>> inputs;
  std::vector<std::vector<double>> reference;
  std::vector<std::vector<double>> bounds;  // |A| . |B| for products; empty otherwise
  std::vector<Tolerance> tolerances;        // one an output
};

/// The inputs of a case, `input0` and so on, and its outputs, in a separate graph.
struct Nodes {
  std::unique_ptr<Graph> graph;
  std::vector<Value> inputs, outputs;
};
Nodes nodes_of(const Case& c, DType dtype);

/// The graph and its outputs alone, with no number in it: for who plans a case and runs nothing.
Prepared outline(const Case& c, DType dtype, Direction direction);

/// The same with the inputs' values, and no reference yet.
Prepared with_inputs(const Case& c, DType dtype, Direction direction, uint64_t seed);
/// Throws what building the graph throws.
Prepared prepare(const Case& c, DType dtype, Direction direction, uint64_t seed);

/// Fills in what follows from graph, outputs and inputs: reference, bounds, and the tolerance of each output.
void define_right(Prepared& prepared, const Tolerance& tolerance, DType dtype, Direction direction);

/// The tolerance that a case states for a direction.
const Tolerance& tolerance_of(const Case& c, Direction direction);

/// The reference's gradients against central differences in double. An empty string, or what differs.
std::string check_differences(const Case& c, uint64_t seed);
/// The gradients of the gradients against central differences of the gradients, likewise.
std::string check_second_differences(const Case& c, uint64_t seed);
/// Whether the case's node is defined by smaller ops and has its own gradients.
bool has_decomposition(const Case& c);
/// Those gradients against the ones of the smaller ops. An empty string, or what differs.
std::string check_decomposition(const Case& c, uint64_t seed);

}  // namespace lemnos::check
