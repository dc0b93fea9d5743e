// A graph of ONNX node by node: each by its row, and the nodes that hold graphs of their own by running these.
#pragma once

#include <string>
#include <vector>

#include "judges/onnx/call.h"
#include "judges/onnx/table.h"
#include "onnx/model.h"

namespace lemnos::judges::onnx {

/// "Add"; with its domain where that is not ONNX's own.
std::string qualified(const NodeMessage& node);
/// Null: no table has it.
const OpRow* row_of(const OpTable& table, const NodeMessage& node);
/// Unexpressed where one of them is no tensor.
void require_tensors(const std::vector<ValueMessage>& values);

class Runner {
 public:
  Runner(const OpTable& table, const Model& model, Scope& scope) : table_(table), model_(model), scope_(scope) {}
  void run(const GraphMessage& graph);

 private:
  void run_node(const NodeMessage& node);
  /// The branch that a condition chooses which is known when the graph is built.
  void run_if(const NodeMessage& node);
  /// As often as is known when the graph is built, written out.
  void run_loop(const NodeMessage& node);
  void run_scan(const NodeMessage& node);
  /// What the body carries goes to its next iteration under the names of its inputs from `first` on.
  void carry(const GraphMessage& body, size_t results, size_t first, size_t count);
  void stack_as(const std::string& name, const std::vector<Value>& rows);
  int64_t version_of(const NodeMessage& node) const;

  const OpTable& table_;
  const Model& model_;
  Scope& scope_;
};

}  // namespace lemnos::judges::onnx
