// What a row of the tables is given: one node of an ONNX graph, its inputs as values of Lemnos or as numbers, and its
// attributes by name.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "judges/args.h"
#include "judges/helpers.h"
#include "lemnos/session.h"
#include "onnx/model.h"

namespace lemnos::judges::onnx {

using lemnos::onnx::Attribute;
using lemnos::onnx::GraphMessage;
using lemnos::onnx::NodeMessage;
using lemnos::onnx::ValueMessage;
using Model = lemnos::onnx::ModelMessage;
using lemnos::onnx::is_default_domain;
using lemnos::onnx::type_word;

/// A tensor of a message as an Array; not readable: of an element type that a court does not read.
struct NamedArray {
  NamedArray(const lemnos::onnx::Tensor& t) : name(t.name), array{t.dtype, t.shape, t.values}, readable(t.readable) {}

  std::string name;
  Array array;
  bool readable;
};

/// The values of one case by their names. Integers of every width are i32 here where they fit, booleans are i32 too,
/// and f64 is f32: what Lemnos computes in.
class Scope {
 public:
  explicit Scope(const Device& device) : device_(device) {}

  Graph& graph() { return graph_; }
  /// An initializer, or what a Constant holds.
  void add_constant(const std::string& name, NamedArray array);
  /// What the test's data gives.
  void add_input(const std::string& name, NamedArray array);
  /// What is there but is no tensor that a court reads, with the reason.
  void add_unreadable(const std::string& name, const std::string& reason);
  void add_value(const std::string& name, Value value, const std::string& type);
  /// What is known as `from` under another name too.
  void rename(const std::string& from, const std::string& to) { values_[to] = held(from); }

  /// Unexpressed for what is not read; `corrupt_data` where there is none of that name.
  Value value(const std::string& name);
  /// The numbers of a value: those of the data, or, of what nodes made, those that the device computes for it.
  const Array& numbers(const std::string& name);
  /// Its element type as ONNX has it.
  const std::string& type(const std::string& name) { return held(name).type; }

  const Device& device() const { return device_; }
  const std::map<std::string, Value>& inputs() const { return inputs_; }
  const Arrays& arrays() const { return arrays_; }

 private:
  struct Held {
    Value value;
    std::shared_ptr<const Array> numbers;
    std::string type, unreadable;
    bool is_input = false;
  };
  Held& held(const std::string& name);
  void add(const std::string& name, NamedArray array, bool is_input);

  const Device& device_;
  Graph graph_;
  std::map<std::string, Held> values_;
  std::map<std::string, Value> inputs_;
  Arrays arrays_;
};

class Call {
 public:
  Call(Scope& scope, const NodeMessage& node, int64_t version) : scope_(scope), node_(node), version_(version) {}

  Graph& graph() const { return scope_.graph(); }
  const std::string& op() const { return node_.op; }
  /// Of the operator set: what attributes mean changed with it.
  int64_t version() const { return version_; }

  /// How many inputs there are, left-out ones counted; and whether one is there.
  int count() const { return static_cast<int>(node_.inputs.size()); }
  bool has(int input) const;
  Value operator[](int input);
  Value value_or_none(int input) { return has(input) ? (*this)[input] : Value(); }
  std::vector<Value> all();
  /// As f32, whatever it is.
  Value real(int input);
  /// As i32: what a comparison left as floating zeros and ones, too.
  Value whole(int input);
  const std::string& type(int input);
  /// Its numbers, for what must be known when the graph is built.
  const Array& array(int input);
  Axes list(int input);
  double number(int input);
  double number(int input, double otherwise) { return has(input) ? number(input) : otherwise; }

  bool has(const char* attribute);
  int64_t integer(const char* attribute, int64_t otherwise);
  int64_t integer(const char* attribute);
  bool flag(const char* attribute, bool otherwise) { return integer(attribute, otherwise ? 1 : 0) != 0; }
  float real(const char* attribute, float otherwise);
  std::string word(const char* attribute, const std::string& otherwise);
  Axes list(const char* attribute, Axes otherwise);
  std::vector<float> reals(const char* attribute);
  std::vector<std::string> words(const char* attribute);
  NamedArray tensor(const char* attribute);
  void ignore(const char* attribute) { read_.insert(attribute); }
  /// An input that does not change the numbers.
  void ignore(int input) { inputs_read_.insert(input); }
  /// A list that older operator sets have as an attribute and newer ones as an input.
  Axes list(int input, const char* attribute, Axes otherwise);
  bool has(int input, const char* attribute) { return has(attribute) || has(input); }

  /// How many results there are, and whether one is asked for.
  int results() const { return static_cast<int>(node_.outputs.size()); }
  bool wants(int result) const;
  /// The ONNX type of the results, where it is not that of the value that the row returns.
  void set_type(const std::string& type) { type_ = type; }
  const std::string& result_type() const { return type_; }

  Scope& scope() const { return scope_; }
  const NodeMessage& node() const { return node_; }
  /// Unexpressed where the row has not looked at an input or an attribute.
  void require_all_read() const;

 private:
  const Attribute* find(const char* attribute);
  const std::string& name(int input);

  Scope& scope_;
  const NodeMessage& node_;
  int64_t version_;
  std::string type_;
  std::set<int> inputs_read_;
  std::set<std::string> read_;
};

/// x as f32 and as i32.
Value as_real(Value x);
Value as_whole(Value x);
/// f of x as f32, back in the type of x: exact for the integers up to 2^24 that the data has.
template <typename F>
Value through_real(Value x, F f) {
  return is_floating(x.dtype()) ? f(x) : cast(f(as_real(x)), x.dtype());
}
/// A number in the type of x.
Value like(Value x, double number);
/// x with [rank] axes, of extent 1 in front.
Value with_rank(Value x, size_t rank);

}  // namespace lemnos::judges::onnx
