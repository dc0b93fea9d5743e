// Changes to a graph that only rewrites may make: they keep every value's id, desc and place.
#pragma once

#include <span>
#include <vector>

#include "lemnos/graph.h"
#include "lemnos/op.h"

namespace lemnos {

class GraphEdit {
 public:
  GraphEdit(Graph& graph, std::span<const int> targets);

  const Graph& graph() const { return graph_; }
  const Node& node(int index) const { return graph_.nodes()[static_cast<size_t>(index)]; }
  /// The node that makes `value`, or -1.
  int producer(int value) const { return graph_.info(value).producer; }
  /// Whether the targets need the node: what a rewrite absorbed is still there, without being needed.
  bool is_needed(int index) const { return needed_[static_cast<size_t>(index)]; }
  /// Whether somebody outside the graph reads `value`.
  bool is_target(int value) const;
  /// The nodes that read `value`, in order.
  std::vector<int> readers(int value) const;
  /// True when exactly one node reads `value` and nobody outside the graph does: its maker may be absorbed.
  bool only_read_once(int value) const;
  /// The node at `index` becomes `op` over `inputs`, keeping its outputs. What then has no reader left is pruned by
  /// needed_nodes. Throws `internal` if an output's desc would change.
  void replace(int index, const OpDef& op, std::vector<int> inputs, Attrs attrs);
  /// The later of two nodes becomes `op` over `inputs` and makes the outputs of `first` and then those of `second`.
  /// False, with nothing changed, where a node between them reads what the earlier made.
  bool merge(int first, int second, const OpDef& op, std::vector<int> inputs, Attrs attrs);
  /// The node at `index` reads `to` wherever it read `from`, a value of the same desc. The order of the nodes is the
  /// caller's to keep.
  void redirect(int index, int from, int to);
  static void redirect(Graph& graph, int index, int from, int to);

 private:
  void count_readers();
  Attrs require_outputs(const OpDef& op, std::span<const int> inputs, Attrs attrs, std::span<const int> outputs) const;

  Graph& graph_;
  std::vector<int> targets_;
  std::vector<int> readers_;  // how many, by value
  std::vector<bool> needed_;  // by node
};

/// A fusion: looks at the node at `index` and, where it fits, rewrites it to do the work of its producers too.
struct Rewrite {
  const char* name;
  bool (*apply)(GraphEdit&, int index);
};

/// The nodes that `targets` need, in their order; those that update persistent memory come last, with those that read
/// what such a node made, so that a step can be dropped before them with nothing lost. Throws `invalid_argument` when a
/// node would then read what was updated before it.
std::vector<int> needed_nodes(const Graph& graph, std::span<const int> targets);

/// Applies every rewrite everywhere until nothing changes.
void rewrite(Graph& graph, std::span<const int> targets, std::span<const Rewrite> rewrites);

}  // namespace lemnos
