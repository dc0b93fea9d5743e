// The plan: how a graph runs, as plain data. The list of dispatches, the memory of every tensor, the barriers, and the
// cost. Created once per program; printable, hashable, testable without a GPU.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "graph/edit.h"
#include "lemnos/device.h"
#include "lemnos/op.h"
#include "lemnos/tune.h"

namespace lemnos {

struct Location {
  ArenaId arena;
  uint64_t offset = 0;  // bytes
  uint64_t bytes = 0;
};

/// The position of an access of a loop's dispatch, by iteration: the first and the last one may differ, the others by
/// turns to two places, all further on by `stride` each time.
struct Path {
  Location even, odd, first, last;
  int64_t stride = 0;  // bytes

  Location at(int64_t iteration, int64_t times) const;
};

struct Access {
  Location where;
  bool reads = false;
  bool writes = false;
  std::shared_ptr<const Path> path = {};  // null: the same in every iteration

  Location at(int64_t iteration, int64_t times) const { return path ? path->at(iteration, times) : where; }
};

struct PlannedDispatch {
  Dispatch dispatch;
  std::vector<Access> accesses;  // in binding order, and where the device reads the number of workgroups, if it does
  int node = -1;                 // index in the plan's graph
  bool barrier_before = false;
  int loop = -1;           // index in the plan's loops, or -1
  int body_dispatch = -1;  // of the loop's body

  /// The number of workgroups is in memory, three words: a loop that has ended launches none.
  bool indirect() const { return accesses.size() > dispatch.tensors.size(); }
};

struct Plan;

/// Dispatches that run `times` times, one iteration after the other.
struct PlannedLoop {
  int first = 0, count = 0;  // of the plan's dispatches
  int64_t times = 1;
  std::shared_ptr<const Plan> body;
};

/// One launch of a step.
struct Launch {
  int dispatch = 0;
  int64_t iteration = 0;
  int64_t times = 1;  // of its loop
};
/// A step launch by launch. `sample`: of each loop only the iterations that differ in where they touch memory: the
/// first, the last, and two of either parity.
std::vector<Launch> launches_of(std::span<const PlannedDispatch> dispatches, std::span<const PlannedLoop> loops,
                                bool sample = false);

struct PlanOptions {
  Needs needs;
  std::vector<int> kept;          // activations that live in the graph's memory, where other programs find them
  std::vector<Rewrite> rewrites;  // fusions to apply
  const Kernel* (*find_kernel)(std::string_view) = nullptr;
  std::string force_variant;       // "op=variant" or "variant" for every op that has it; for tests
  const Tuning* tuning = nullptr;  // which variants are the fastest; may be null
  uint64_t guard_bytes = 0;        // unused bytes around every activation, for tests
  bool share_memory = true;        // activations reuse memory when their lives do not overlap
  bool recompute = false;          // elementwise activations that are read again much later are computed again
  uint64_t memory_limit = 0;       // refuse a larger activation arena; 0: no limit
};

struct Plan {
  Graph graph;  // after the rewrites; value ids are those of the graph that was planned
  Needs needs;
  std::shared_ptr<const void> identity;  // of the graph that was planned
  std::vector<int> nodes;                // in the order of execution
  std::vector<PlannedDispatch> dispatches;
  std::vector<PlannedLoop> loops;
  std::vector<Location> locations;  // by value id; bytes = 0 where the value has no memory here
  std::vector<ArenaId> arenas;      // those of the state and of the graph that the plan touches
  uint64_t activation_bytes = 0;
  uint64_t guard_bytes = 0;
  Cost cost;
  int first_update = 0;  // the first dispatch that writes persistent memory: before it a step may be dropped

  Location location_of(Value v) const { return locations[static_cast<size_t>(v.id())]; }
  size_t barriers() const;
  std::vector<Launch> launches() const { return launches_of(dispatches, loops); }
};

/// Throws what the ops' `lower` throws; `unsupported` for a tensor past the device's limits, with the limit;
/// `out_of_memory` when the activations exceed the limit, naming the largest tensors.
Plan make_plan(const Graph& graph, const DeviceCaps& caps, const PlanOptions& options);

/// A hash of the modules that the dispatches launch, for which a measurement is valid.
uint64_t kernels_of(std::span<const Dispatch> dispatches);

/// Where a value lives that outlives a step.
Location persistent_location(const Graph& graph, int value);

/// Sets barrier_before where a dispatch touches what an earlier one since the last barrier wrote, or writes what one
/// read: one global barrier there, none elsewhere.
void place_barriers(std::span<PlannedDispatch> dispatches, std::span<const PlannedLoop> loops = {});

/// The independent check: every pair of dispatches that share memory, one of them writing, must have a barrier between.
/// Returns one line per hazard; empty when the plan is sound.
std::vector<std::string> find_hazards(std::span<const PlannedDispatch> dispatches,
                                      std::span<const PlannedLoop> loops = {});

/// One line a dispatch: label, workgroups, bytes, flops, barrier.
std::string to_string(const Plan& plan);
/// "matmul f32[64, 784]": what debug labels and profiles call a dispatch.
std::string label_of(const Plan& plan, const PlannedDispatch& dispatch);
/// Its two words.
std::pair<std::string, std::string> op_and_result(const Plan& plan, const PlannedDispatch& dispatch);

}  // namespace lemnos
