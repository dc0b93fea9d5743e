// Changes to a graph for rewrites only: they keep every value's id, desc and position.
#pragma once

#include <span>
#include <vector>

#include "graph/needs.h"
#include "lemnos/graph.h"
#include "lemnos/op.h"

namespace lemnos {

/// Keeps the readers of every value up to date, so that the cost of a change depends only on the changed nodes.
class GraphEdit {
 public:
  GraphEdit(Graph& graph, const Needs& needs);

  const Graph& graph() const { return graph_; }
  const Node& node(int index) const { return graph_.nodes()[static_cast<size_t>(index)]; }
  /// The node that computes `value`; -1 if it comes from outside or is given, because a given value may differ from its
  /// node's result.
  int producer(int value) const { return given_[static_cast<size_t>(value)] ? -1 : graph_.info(value).producer; }
  /// The nodes that the targets needed before the first change, in the order of execution.
  const std::vector<int>& order() const { return order_; }
  /// Whether the targets need the node. An absorbed node still exists but is not needed.
  bool is_needed(int index) const { return needed_[static_cast<size_t>(index)]; }
  /// Whether `value` is read from outside the graph.
  bool is_target(int value) const { return target_[static_cast<size_t>(value)]; }
  /// The needed nodes that read `value`, in order.
  std::vector<int> readers(int value) const;
  /// True if exactly one node reads `value`, once, and nothing outside the graph: its producer may be absorbed.
  bool only_read_once(int value) const;
  /// The node at `index` becomes `op` over `inputs`, keeping its outputs. Throws `internal` if an output's desc would
  /// change.
  void replace(int index, const OpDef& op, std::vector<int> inputs, Attrs attrs);
  /// The later of two nodes becomes `op` over `inputs` and computes the outputs of `first` and then those of `second`.
  /// Returns false without a change if a node between them reads a result of the earlier one.
  bool merge(int first, int second, const OpDef& op, std::vector<int> inputs, Attrs attrs);
  /// The node at `index` reads `to` wherever it read `from`, a value of the same desc. The order of the nodes is the
  /// caller's to keep.
  void redirect(int index, int from, int to);
  static void redirect(Graph& graph, int index, int from, int to);

  /// Adds a node that runs `loop`; the caller has checked its inputs.
  static std::vector<Value> add_loop(Graph& graph, const OpDef& op, std::shared_ptr<const Loop> loop,
                                     std::span<const Value> inputs);
  /// The rows of a value of the body, as an output of the node that runs the loop: one more, where it is none yet.
  static Value add_stacked(Graph& graph, int index, int value);
  /// A variable of the state becomes an input of the graph; what updated it in place updates a copy. `copy` adds one
  /// node.
  static void detach(Graph& graph, int variable, Value (*copy)(Value));
  /// Random streams of the body of a loop are counted with those of the graph around it.
  static void share_streams(Graph& to, const Graph& from) { to.streams_ = from.streams_; }

 private:
  Attrs require_outputs(const OpDef& op, std::span<const int> inputs, Attrs attrs, std::span<const int> outputs) const;
  void set_inputs(int index, std::vector<int> inputs);
  void read_by(int value, int index);
  void no_longer_read_by(int value, int index);
  void drop_if_unread(int index);

  Graph& graph_;
  std::vector<std::vector<int>> readers_;  // by value: needed nodes, one entry for each time that they read it
  std::vector<bool> needed_;               // by node
  std::vector<bool> target_;               // by value
  std::vector<bool> given_;                // by value
  const std::vector<int> order_;
};

/// A fusion: looks at the node at `index` and, where it fits, rewrites it to do the work of its producers too.
struct Rewrite {
  const char* name;
  bool (*apply)(GraphEdit&, int index);
};

/// Applies every rewrite everywhere until nothing changes.
void rewrite(Graph& graph, const Needs& needs, std::span<const Rewrite> rewrites);

}  // namespace lemnos
