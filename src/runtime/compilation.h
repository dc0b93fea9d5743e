// What every backend does first with CompileOptions and with values that it is handed: one graph, checked ids (an id
// alone means something in every graph), options for the planner.
#pragma once

#include "base/text.h"
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

/// The id of a value of the graph with this identity. Throws `invalid_argument` for an empty value and for one of
/// another graph.
inline int id_in(const std::shared_ptr<const void>& identity, Value value, const char* who) {
  require(static_cast<bool>(value), ErrorCode::invalid_argument, who, ": the value is empty");
  require(value.graph().identity() == identity, ErrorCode::invalid_argument, who, ": value %", value.id(), ' ',
          value.desc(), " belongs to another graph");
  return value.id();
}

/// The id of a value of any graph on this state.
inline int id_on(const std::shared_ptr<ModelState>& state, Value value, const char* who) {
  require(static_cast<bool>(value), ErrorCode::invalid_argument, who, ": the value is empty");
  require(value.graph().state() == state, ErrorCode::invalid_argument, who, ": value %", value.id(), ' ', value.desc(),
          " belongs to another graph");
  return value.id();
}

/// Where part of a value lies that outlives a step. Throws `not_found` for an activation, unless its graph's memory
/// holds it (`shared`), `out_of_range` for bytes that it does not have.
Location location_on(const std::shared_ptr<ModelState>& state, Value value, size_t bytes, size_t offset,
                     const char* who, bool shared = false);

}  // namespace lemnos
