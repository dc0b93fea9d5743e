// A graph of Lemnos as nodes of ONNX. The graph is built twice, for two numbers of rows: extents that differ are so
// many for each row, and are left open in the file.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lemnos/op.h"
#include "lemnos/session.h"
#include "onnx/model.h"

namespace lemnos::onnx {

/// `number`, or so many for each row of the batch.
struct Extent {
  int64_t number = 0, per_row = 0;
  bool is_open() const { return per_row != 0; }
  bool operator==(const Extent&) const = default;
};
using Extents = std::vector<Extent>;

Attribute integer_attribute(std::string name, int64_t value);
Attribute real_attribute(std::string name, double value);
Attribute word_attribute(std::string name, std::string value);
Attribute list_attribute(std::string name, std::vector<int64_t> values);

/// Two graphs of the same nodes, in which fused nodes stand in smaller ops.
class TwinGraph {
 public:
  TwinGraph(const Graph& few, const Graph& more, int64_t few_rows, int64_t more_rows);

  const Graph& graph() const { return few_; }
  const ValueInfo& info(int value) const { return few_.info(resolved(value)); }
  /// Throws `unsupported` where an extent is no multiple of the number of rows.
  Extents extents(int value) const;
  /// How an extent of an attribute goes with the batch, from its two values.
  Extent extent(int64_t few, int64_t more) const;
  /// The value that stands for this one.
  int resolved(int value) const;
  /// The nodes that these values need, each after what it needs: `reads` says which values a node is written from.
  std::vector<int> order(const std::vector<int>& values, const std::function<std::vector<int>(int node)>& reads) const;
  const Node& few(int node) const { return few_.nodes()[static_cast<size_t>(node)]; }
  const Node& more(int node) const { return more_.nodes()[static_cast<size_t>(node)]; }
  int64_t few_rows() const { return few_rows_; }
  int64_t more_rows() const { return more_rows_; }

 private:
  void decompose(Graph& graph, bool first);

  Graph few_, more_;
  int64_t few_rows_, more_rows_;
  std::map<int, int> instead_;  // values of decomposed nodes
};

/// What is written so far.
class Exporter {
 public:
  Exporter(Session& session, GraphMessage& graph) : session_(session), graph_(graph) {}

  /// A name that nothing has yet.
  std::string fresh(const std::string& wanted);
  /// Adds a node; returns the names of its outputs. An empty word of `outputs` leaves one out.
  std::vector<std::string> add(const std::string& op, std::vector<std::string> inputs,
                               std::initializer_list<Attribute> attributes, const std::vector<std::string>& outputs);
  std::string constant(Tensor tensor);
  std::string initializer(Tensor tensor);
  /// What the session holds of a parameter or a variable.
  Tensor read(const Graph& graph, int value);
  /// The number of rows, i64[1].
  std::string rows();
  void set_rows_of(std::string input) { rows_of_ = std::move(input); }
  GraphMessage& graph() { return graph_; }

 private:
  Session& session_;
  GraphMessage& graph_;
  std::set<std::string> names_;
  std::map<std::string, std::string> constants_;  // small ones, by their content
  std::string rows_of_, rows_;
};

/// Names of the values of one graph; a body that is written out several times has one for each.
struct Frame {
  const TwinGraph& twin;
  std::map<int, std::string> names;
};

/// A node that is being written.
class ExportCall {
 public:
  ExportCall(Exporter& exporter, Frame& frame, int node) : exporter_(exporter), frame_(frame), node_(node) {}

  Exporter& exporter() { return exporter_; }
  const TwinGraph& twin() const { return frame_.twin; }
  const Node& node() const { return frame_.twin.few(node_); }
  const Node& twin_node() const { return frame_.twin.more(node_); }
  int index() const { return node_; }
  size_t inputs() const { return node().inputs.size(); }
  template <Fields T>
  T attrs() const {
    return node().attrs.as<T>();
  }
  /// The same of the graph of more rows.
  template <Fields T>
  T twin_attrs() const {
    return twin_node().attrs.as<T>();
  }
  std::string in(size_t i) { return name_of(node().inputs[i]); }
  std::string name_of(int value);
  const TensorDesc& in_desc(size_t i) const { return twin().info(node().inputs[i]).desc; }
  const TensorDesc& out_desc(size_t i = 0) const { return twin().info(node().outputs[i]).desc; }
  Extents in_extents(size_t i) const { return twin().extents(node().inputs[i]); }
  Extents out_extents(size_t i = 0) const { return twin().extents(node().outputs[i]); }

  /// A node of one output, whose name is returned.
  std::string add(const std::string& op, std::vector<std::string> inputs,
                  std::initializer_list<Attribute> attributes = {});
  void give(size_t output, std::string name) { frame_.names[node().outputs[output]] = std::move(name); }
  /// A scalar in an element type.
  std::string number(double value, DType dtype);
  std::string number(double value) { return number(value, in_desc(0).dtype); }
  std::string list(const std::vector<int64_t>& numbers);
  /// A shape, i64[rank].
  std::string shape(const Extents& extents);
  std::string reshaped(const std::string& x, const Extents& extents);
  std::string cast(const std::string& x, DType dtype);
  [[noreturn]] void refuse(const std::string& why) const;

 private:
  Exporter& exporter_;
  Frame& frame_;
  int node_;
};

using ExportRow = void (*)(ExportCall&);
/// By Lemnos' names of ops. A file each.
using ExportTable = std::map<std::string, ExportRow, std::less<>>;
void add_export_elements(ExportTable& table);
void add_export_moves(ExportTable& table);
void add_export_layers(ExportTable& table);
void add_export_loops(ExportTable& table);
const ExportTable& export_table();

/// The values that a loop is written from: all that it reads, but of a recurrent layer what ONNX's op takes.
std::vector<int> values_of_loop(const TwinGraph& twin, int node);

/// Writes the nodes that these values of a frame need.
void write_nodes(Exporter& exporter, Frame& frame, const std::vector<int>& values);

/// A constant of one element type.
Tensor tensor_of(const TensorDesc& desc, std::span<const std::byte> bytes);
const char* onnx_word(DType dtype);

}  // namespace lemnos::onnx
