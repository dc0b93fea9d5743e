// What the parts of loops share, and loops written out.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <vector>

#include "graph/loop.h"
#include "lemnos/loop.h"

namespace lemnos {

struct Grad;

namespace autograd {

/// [times, ..] as rows that every device can bind, and back to [times, each..]; one tensor as one row.
Value to_rows(Value x);
Value from_rows(Value rows, const Shape& each);
Value to_row(Value x);

/// The same in memory of its own.
Value copy_of(Value v);
/// `v`, or a copy of it where it has no memory of its own in the body, or is `taken` already: what a loop writes.
Value own(Value v, const Loop& loop, std::set<int>& taken);
/// Whatever else the body reads becomes an input of the node too.
void bind_leaves(Graph& around, Loop& loop, std::vector<Value>& inputs);

const OpDef& repeat_op();
std::vector<Value> loop_gradient(Grad& g);

}  // namespace autograd

struct WrittenOut {
  std::unique_ptr<Graph> graph;
  std::map<int, Value> values;  // by number in the graph that was copied
};

/// A copy of a graph of inputs, constants and nodes, without loops: for who has none. Throws `unsupported` for
/// parameters and variables.
WrittenOut written_out(const Graph& graph);

}  // namespace lemnos
