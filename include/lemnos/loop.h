// Loops: one node that runs a part of a graph any number of times on the device.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "lemnos/graph.h"
#include "lemnos/visibility.h"

LEMNOS_BEGIN_PUBLIC

namespace lemnos {

/// One iteration of a loop, as its body sees it. Its values, and all nodes that the body adds, belong to the loop's own
/// graph, graph(). Parameters and statistics that the body names (nn::Scope on graph()) are those of the outer graph.
class LoopBody {
 public:
  /// The graph of the body, in which its nodes are added.
  Graph& graph() const { return *graph_; }
  /// The value of the previous iteration, or the loop's first value.
  Value carried(size_t i = 0) const;
  /// This iteration's row of sliced tensor i.
  Value slice(size_t i = 0) const;
  /// A value of the outer graph, the same in every iteration.
  Value capture(Value outer);
  /// The number of the iteration, i32[1], from 0.
  Value index();
  /// The step state `outer` of the outer graph, with a different step number in every iteration, so that dropout() and
  /// random_normal() draw different numbers in each.
  Value step_state(Value outer);

 private:
  friend class LoopBuilder;
  explicit LoopBody(Graph& around);
  Value sliced_from(Value outer, const TensorDesc& row);

  Graph& around_;
  std::shared_ptr<Graph> graph_;
  std::vector<Value> carried_, slices_, captured_;                    // of the body
  std::vector<Value> first_values_, sliced_tensors_, captured_from_;  // of the outer graph
  size_t given_slices_ = 0;
  Value index_;
  int64_t times_ = 0;
};

/// The results of one iteration.
struct LoopStep {
  std::vector<Value> carried;  // for the next iteration, each like its first value
  std::vector<Value> stacked;  // kept for every iteration
  Value stop = {};             // one element: where it is not 0, this iteration is the last one
};

struct Loop;
/// The values after the loop.
struct LoopResults {
  std::vector<Value> carried;  // after the last iteration
  std::vector<Value> stacked;  // [times, ..] each: row i is the result of iteration i; backward: the result for row i
  std::vector<Value> updates;  // of the variables that the body updates: targets of the program, as every update
};

/// For repeat().
struct LoopOptions {
  bool backward = false;  // rows are read, and stacked, from the last to the first
};

/// Runs `body` `times` times:
///
///   carried(0) = first;   carried(i + 1), stacked[i] = body(carried(i), sliced[i])
///
/// `body` is called once, to build the iteration's nodes. Each tensor of `sliced` is [times, ..]; an iteration sees its
/// row without the first axis. The plan contains the body's launches once, for any number of iterations. A carried
/// value alternates between two buffers, unless it is kept. Differentiable to any order: the gradient is a loop in the
/// other direction, for which the forward loop keeps the values that it needs of every iteration. Gradients of captured
/// matrices are one product over all iterations. After an iteration whose `stop` is not 0 the carried values do not
/// change, and later rows of stacked values are 0. The remaining iterations launch no workgroups, except copies that
/// preserve values, unless gradients need the values of every iteration. A body may update variables of the state
/// (running statistics, counters): each iteration reads the result of the previous one, and the variable is assigned
/// after the last iteration. Throws `shape_mismatch` if a carried value differs in shape from its first value or a
/// sliced tensor has another number of rows. Throws `invalid_argument` if the body updates parameters or optimizer
/// slots (use a separate program and run it as often), or reads a value of another graph without capture().
LoopResults repeat(int64_t times, std::span<const Value> first, std::span<const Value> sliced,
                   const std::function<LoopStep(LoopBody&)>& body, const LoopOptions& options = {});
inline LoopResults repeat(int64_t times, std::initializer_list<Value> first, std::initializer_list<Value> sliced,
                          const std::function<LoopStep(LoopBody&)>& body, const LoopOptions& options = {}) {
  return repeat(times, std::span(first.begin(), first.size()), std::span(sliced.begin(), sliced.size()), body, options);
}

}  // namespace lemnos

LEMNOS_END_PUBLIC
