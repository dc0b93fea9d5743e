// What every backend does first with CompileOptions: one graph, checked values, options for the planner.
#pragma once

#include "lemnos/session.h"
#include "plan/plan.h"
#include "runtime/op_library.h"

namespace lemnos {

class Compilation {
 public:
  /// Throws `invalid_argument` where a value is empty, of a graph on another state, or not of the targets' graph.
  Compilation(const std::shared_ptr<ModelState>& state, const CompileOptions& options);

  const Graph& graph() const { return *graph_; }
  const Needs& needs() const { return needs_; }
  const std::vector<int>& kept() const { return kept_; }
  PlanOptions plan_options(const OpLibrary& library) const;

 private:
  const CompileOptions& options_;
  Graph empty_;  // without targets there is nothing to do
  const Graph* graph_ = &empty_;
  Needs needs_;
  std::vector<int> kept_;
};

}  // namespace lemnos
