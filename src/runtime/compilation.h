// What every backend does first with CompileOptions: one graph, checked values, and for a device with kernels the plan.
#pragma once

#include "lemnos/session.h"
#include "plan/plan.h"
#include "runtime/op_library.h"
#include "runtime/tuner.h"

namespace lemnos {

class Compilation {
 public:
  /// Throws `invalid_argument` where a value is empty, of a graph on another state, or not of the targets' graph.
  Compilation(const std::shared_ptr<ModelState>& state, const CompileOptions& options);

  const Graph& graph() const { return *graph_; }
  const Needs& needs() const { return needs_; }
  const std::vector<int>& kept() const { return kept_; }
  /// For a device with these caps, with the variants that CompileOptions::tuning knows. Those that it does not know are
  /// measured first where there is time for it, on sessions that `open` makes.
  Plan plan(const OpLibrary& library, const DeviceCaps& caps, const Tuner::Open& open) const;

 private:
  const CompileOptions& options_;
  Graph empty_;  // without targets there is nothing to do
  const Graph* graph_ = &empty_;
  Needs needs_;
  std::vector<int> kept_;
};

}  // namespace lemnos
