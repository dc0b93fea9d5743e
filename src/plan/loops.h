// A loop in a plan: the body is planned as a separate graph, and its dispatches become dispatches of the outer plan,
// with their positions in each iteration.
#pragma once

#include <vector>

#include "graph/loop.h"
#include "plan/plan.h"

namespace lemnos {

/// A range by the iteration, before memory has been placed: as Path.
struct RefPath {
  TensorRef even, odd, first, last;
  int64_t stride = 0;
};

struct LoopDispatch {
  Dispatch dispatch;
  std::vector<RefPath> paths;  // by binding
  int body_dispatch = -1;
  TensorRef counts = {};  // no bytes: the number of workgroups is the dispatch's
};

struct LoweredLoop {
  std::shared_ptr<const Plan> body;
  std::vector<LoopDispatch> dispatches;
  std::vector<uint64_t> scratch_bytes;  // alive during the whole loop
};

/// `used`: by output of the node, whether anybody reads it.
LoweredLoop lower_loop(const Node& node, const std::vector<bool>& used, const DeviceCaps& caps,
                       const PlanOptions& options);

}  // namespace lemnos
