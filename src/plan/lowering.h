// A node becomes dispatches: which variant, and in how many slices where the device cannot bind its tensors whole.
#pragma once

#include <vector>

#include "plan/plan.h"

namespace lemnos {

constexpr uint64_t kAlignment = 256;  // the most that a device asks for where a binding begins

struct Lowered {
  std::vector<Dispatch> dispatches;
  std::vector<uint64_t> scratch_bytes;
};

/// The parts of a node, one after the other; one, but for slices. A tensor may still be past what the device binds.
/// `placed`: the inputs that are made where the output keeps them.
std::vector<Lowered> lowered(const Graph& graph, const Node& node, const DeviceCaps& caps, const PlanOptions& options,
                             std::vector<bool> placed = {});

}  // namespace lemnos
