// Loops: a piece of graph that one node runs a number of times on the device, whatever that number.
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

/// What one iteration of a loop sees. Its values belong to a graph of the loop's own, graph(), and so do all nodes that
/// the body adds; parameters and statistics that it names (nn::Scope on graph()) are those of the graph around it.
class LoopBody {
 public:
  Graph& graph() const { return *graph_; }
  /// What the iteration before left, or the loop's first value.
  Value carried(size_t i = 0) const;
  /// This iteration's row of sliced tensor i.
  Value slice(size_t i = 0) const;
  /// A value of the graph around the loop, the same in every iteration.
  Value capture(Value outer);
  /// The number of the iteration, i32[1], from 0.
  Value index();
  /// The step state `outer` of the graph around the loop, with another step number in every iteration, so that
  /// dropout() and random_normal() draw other numbers in each.
  Value step_state(Value outer);

 private:
  friend class LoopBuilder;
  explicit LoopBody(Graph& around);
  Value sliced_from(Value outer, const TensorDesc& row);

  Graph& around_;
  std::shared_ptr<Graph> graph_;
  std::vector<Value> carried_, slices_, captured_;                    // of the body
  std::vector<Value> first_values_, sliced_tensors_, captured_from_;  // of the graph around it
  size_t given_slices_ = 0;
  Value index_;
  int64_t times_ = 0;
};

/// What the body makes in one iteration.
struct LoopStep {
  std::vector<Value> carried;  // for the next iteration, each like its first value
  std::vector<Value> stacked;  // kept of every iteration
  Value stop = {};             // one element: where it is not 0, this iteration is the last one
};

struct Loop;
struct LoopResults {
  std::vector<Value> carried;  // after the last iteration
  std::vector<Value> stacked;  // [times, ..] each: row i is what iteration i made, or made of row i going backward
  std::vector<Value> updates;  // of the variables that the body updates: targets of the program, as every update
};

struct LoopOptions {
  bool backward = false;  // the rows are taken, and stacked, from the last to the first
};

/// Runs `body` `times` times:
///
///   carried(0) = first;   carried(i + 1), stacked[i] = body(carried(i), sliced[i])
///
/// `body` is called once, to build the iteration's nodes. Each tensor of `sliced` is [times, ..]; an iteration sees its
/// row without the first axis. The plan holds the body's launches once, however many iterations there are; what is
/// carried takes two places in turn, unless it is kept. Differentiable, any number of times: the gradient is a loop in
/// the other direction, for which what it needs of every iteration is kept; gradients of captured matrices are one
/// product over all iterations. After an iteration whose `stop` is not 0 what is carried stays as it is, and later rows
/// of what is stacked are 0. Nothing runs for the iterations left (a device launches no workgroups for them, but for
/// the copies that hold), unless gradients ask for values of every iteration. A body may update variables of the state
/// (running statistics, counters): each iteration finds what the one before left, and the variable is assigned after
/// the last. Throws `shape_mismatch` where what is carried differs from its first value or a sliced tensor has another
/// number of rows, `invalid_argument` for a body that updates parameters or an optimizer's memory (a program of its own
/// does that, run as often) or reads a value of another graph: capture() it.
LoopResults repeat(int64_t times, std::span<const Value> first, std::span<const Value> sliced,
                   const std::function<LoopStep(LoopBody&)>& body, const LoopOptions& options = {});
inline LoopResults repeat(int64_t times, std::initializer_list<Value> first, std::initializer_list<Value> sliced,
                          const std::function<LoopStep(LoopBody&)>& body, const LoopOptions& options = {}) {
  return repeat(times, std::span(first.begin(), first.size()), std::span(sliced.begin(), sliced.size()), body, options);
}

}  // namespace lemnos

LEMNOS_END_PUBLIC
