// A node becomes dispatches: which variant, and in how many slices where the device cannot bind its tensors whole.
#pragma once

#include <vector>

#include "plan/plan.h"

namespace lemnos {

constexpr uint64_t kAlignment = 256;  // the largest alignment that a device requires for a binding

struct Lowered {
  std::vector<Dispatch> dispatches;
  std::vector<uint64_t> scratch_bytes;
};

/// The parts of a node, one after the other; more than one only for slices. A tensor may still exceed the binding
/// limit. `placed`: the inputs that are computed directly in the output's memory.
std::vector<Lowered> lowered(const Graph& graph, const Node& node, const DeviceCaps& caps, const PlanOptions& options,
                             std::vector<bool> placed = {});

}  // namespace lemnos
