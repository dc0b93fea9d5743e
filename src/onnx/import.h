// A graph of ONNX as values of Lemnos. It is built anew in each graph that a model is used in: parameters and
// statistics are those of the state, what is known without the inputs is computed once on the CPU.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lemnos/nn.h"
#include "onnx/model.h"

namespace lemnos::onnx {

using Axes = std::vector<int64_t>;

class Importer {
 public:
  Importer(const ModelMessage& model, const nn::Scope& scope);

  void add_input(const std::string& name, Value value) { held_[name].value = value; }
  void run();

  const nn::Scope& scope() const { return scope_; }
  int64_t version() const { return version_; }
  /// The value of that name in a graph: of what is known a constant, of a floating initializer the parameter.
  Value value(const std::string& name, bool known);
  bool is_known(const std::string& name);
  /// The numbers of what is known, and of initializers. Throws `unsupported` for what is computed from the inputs.
  const Tensor& numbers(const std::string& name);
  /// The variable that an initializer is the first value of.
  Value statistic(const std::string& name);
  Graph& known_graph() { return known_; }

 private:
  struct Held {
    Value value, known;  // in the graph of the model, and among what is known
    std::shared_ptr<const Tensor> numbers;
    bool is_initializer = false;
  };
  Held& held(const std::string& name);
  static bool is_parameter(const Held& h);
  void run_node(const NodeMessage& node);

  const ModelMessage& model_;
  nn::Scope scope_;
  Graph known_;
  int64_t version_ = 1;
  std::map<std::string, Held> held_;
};

/// What a row is given: one node, its inputs as values or numbers, and its attributes by name.
class ImportCall {
 public:
  ImportCall(Importer& importer, const NodeMessage& node, bool known)
      : importer_(importer), node_(node), known_(known) {}

  Importer& importer() const { return importer_; }
  Graph& graph() const { return known_ ? importer_.known_graph() : importer_.scope().graph(); }
  const std::string& op() const { return node_.op; }
  int64_t version() const { return importer_.version(); }
  size_t count() const { return node_.inputs.size(); }
  size_t results() const { return node_.outputs.size(); }
  bool wants(size_t result) const { return result < results() && !node_.outputs[result].empty(); }

  bool has(size_t input) const { return input < count() && !node_.inputs[input].empty(); }
  const std::string& name(size_t input);
  Value operator[](size_t input) { return importer_.value(name(input), known_); }
  Value value_or_none(size_t input) { return has(input) ? (*this)[input] : Value(); }
  Value real(size_t input);   // as f32
  Value whole(size_t input);  // as i32
  std::vector<Value> all();
  const Tensor& tensor(size_t input) { return importer_.numbers(name(input)); }
  Axes list(size_t input);
  double number(size_t input, double otherwise);

  bool has(const char* attribute) { return find(attribute) != nullptr; }
  int64_t integer(const char* attribute, int64_t otherwise);
  float real(const char* attribute, float otherwise);
  std::string word(const char* attribute, const std::string& otherwise);
  Axes list(const char* attribute, Axes otherwise);
  std::vector<std::string> words(const char* attribute);
  const Attribute* find(const char* attribute);
  /// A list that older operator sets have as an attribute and newer ones as an input.
  Axes list(size_t input, const char* attribute, Axes otherwise);
  bool has(size_t input, const char* attribute) { return has(attribute) || has(input); }
  /// Throws `unsupported` for an attribute that no row asked for.
  void require_all_read() const;
  [[noreturn]] void refuse(const std::string& why) const;

 private:
  Importer& importer_;
  const NodeMessage& node_;
  bool known_;
  std::set<std::string> read_;
};

using ImportRow = std::vector<Value> (*)(ImportCall&);
/// By ONNX's names of ops. A file each.
using ImportTable = std::map<std::string, ImportRow, std::less<>>;
void add_import_elements(ImportTable& table);
void add_import_moves(ImportTable& table);
void add_import_layers(ImportTable& table);
void add_import_recurrent(ImportTable& table);
const ImportTable& import_table();

// Small things that several files need.
Axes dims_of(Value x);
/// An i32 constant of these numbers.
Value constant_list(Graph& graph, const Axes& numbers);
/// A number in the type of x.
Value like(Value x, double number);
/// An axis counted from the front. Throws `out_of_range` naming the op.
int64_t front_axis(const ImportCall& c, int64_t axis, size_t rank);

}  // namespace lemnos::onnx
