// The graph: what to compute, as values and nodes with shapes and element types. Knows nothing of Vulkan.
//
// Built by ordinary expressions (`auto y = relu(matmul(x, w) + b)`, see ops.h), extended by autograd and optimizers,
// compiled by a Session into Programs. Nodes run in the order in which they were added. A Graph is used by one thread
// at a time and must outlive its Values; it may be copied.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "lemnos/tensor.h"
#include "lemnos/visibility.h"

LEMNOS_BEGIN_PUBLIC

namespace lemnos {

struct OpDef;
class Graph;

/// The attributes of a node by name: integers (also flags), reals, lists of integers, words.
class Attrs {
 public:
  using Variant = std::variant<int64_t, double, std::vector<int64_t>, std::string>;
  struct AttrValue : Variant {
    AttrValue(bool v) : Variant(int64_t{v}) {}
    AttrValue(int v) : Variant(int64_t{v}) {}
    AttrValue(uint32_t v) : Variant(int64_t{v}) {}
    AttrValue(int64_t v) : Variant(v) {}
    AttrValue(uint64_t v) : Variant(static_cast<int64_t>(v)) {}
    AttrValue(float v) : Variant(static_cast<double>(v)) {}
    AttrValue(double v) : Variant(v) {}
    AttrValue(const char* v) : Variant(std::string(v)) {}
    AttrValue(std::string v) : Variant(std::move(v)) {}
    AttrValue(std::vector<int64_t> v) : Variant(std::move(v)) {}
    AttrValue(std::initializer_list<int64_t> v) : Variant(std::vector<int64_t>(v)) {}
    explicit AttrValue(const Shape& s) : Variant(std::vector<int64_t>(s.begin(), s.end())) {}
  };
  struct Entry {
    std::string name;
    AttrValue value;
    bool operator==(const Entry&) const = default;
  };

  Attrs() = default;
  Attrs(std::initializer_list<Entry> entries) : entries_(entries) {}

  void set(std::string_view name, AttrValue value);
  const AttrValue* find(std::string_view name) const;
  /// Each throws `internal` when the attribute is absent or of another kind: Graph::add has checked them against the
  /// op's declaration and filled in the defaults.
  int64_t integer(std::string_view name) const;
  bool flag(std::string_view name) const { return integer(name) != 0; }
  double real(std::string_view name) const;
  const std::vector<int64_t>& integers(std::string_view name) const;
  const std::string& word(std::string_view name) const;

  std::span<const Entry> entries() const { return entries_; }
  bool operator==(const Attrs&) const = default;

 private:
  std::vector<Entry> entries_;
};

/// Where a value lives, and so for how long.
enum class Role : uint8_t {
  activation,  // made by a node, alive until its last use in one step
  input,       // written by the host, kept until written again (batches, resident data sets)
  constant,    // its content is part of the graph
  variable,    // named state that nodes update in place and checkpoints hold (running means, StepState)
  parameter,   // trained; all in one flat arena
  gradient,    // one arena, laid out as the parameters
  slot,        // optimizer state; one arena each, laid out as the parameters
};
const char* to_string(Role role);

/// A handle to a value of a graph; cheap to copy. A default-constructed one is "no value".
class Value {
 public:
  Value() = default;
  Value(Graph* graph, int id) : graph_(graph), id_(id) {}

  explicit operator bool() const { return graph_ != nullptr; }
  Graph& graph() const { return *graph_; }
  int id() const { return id_; }
  /// Throws `invalid_argument` for "no value"; so do shape(), dtype() and name().
  const TensorDesc& desc() const;
  const Shape& shape() const { return desc().shape; }
  DType dtype() const { return desc().dtype; }
  const std::string& name() const;
  bool operator==(const Value&) const = default;

 private:
  Graph* graph_ = nullptr;
  int id_ = -1;
};

/// Everything that a graph knows of one value.
struct ValueInfo {
  TensorDesc desc;
  Role role = Role::activation;
  std::string name;
  int producer = -1;   // index of the node that makes it, or -1
  int alias = -1;      // the value whose memory it shares (its node updates or views that one), or -1
  int64_t offset = 0;  // elements from the start of its arena (parameter, gradient, slot)
  int slot = -1;       // which slot arena
  std::shared_ptr<const std::vector<std::byte>> initial;  // content at the start; null: zeros
};

struct Node {
  const OpDef* op = nullptr;
  std::vector<int> inputs;   // value ids
  std::vector<int> outputs;  // value ids
  Attrs attrs;
};

class Graph {
 public:
  /// Elements to which each parameter's offset in its arena is aligned: 256 bytes of f32, the largest alignment that
  /// Vulkan may ask of a storage buffer's offset. The padding stays zero.
  static constexpr int64_t kArenaAlignment = 64;

  /// A value that the host writes.
  Value input(std::string name, TensorDesc desc);
  /// A value whose content is known now; `bytes` are the tensor's, in its dtype.
  Value constant(TensorDesc desc, std::span<const std::byte> bytes, std::string name = {});
  Value constant(const Shape& shape, std::span<const float> values, std::string name = {});
  Value scalar(float value) { return constant(Shape{}, std::span<const float>(&value, 1)); }
  /// Named state. Throws `invalid_argument` for a name already taken.
  Value variable(std::string name, TensorDesc desc, std::span<const std::byte> initial = {});
  /// A trained f32 tensor. `initial` holds shape.elements() values. Throws `invalid_argument` for a name already taken
  /// or when the flat arena has been asked for already.
  Value parameter(std::string name, const Shape& shape, std::span<const float> initial);

  /// The parameter arena as one f32 vector, padding included. Fixes the set of parameters.
  Value flat_parameters();
  /// The gradient arena, laid out alike; parameters without a gradient keep zeros there.
  Value flat_gradients();
  /// A further arena laid out alike, for optimizer state, filled with `initial` at the start.
  Value slot(std::string name, float initial = 0);
  /// Makes `produced` (an activation that a node makes) live in the gradient arena at `parameter`'s place.
  void place_gradient(Value produced, Value parameter);

  /// Adds a node: checks the attributes against the op's declaration, infers the outputs' shapes, and returns them.
  /// Throws `shape_mismatch`, `invalid_argument`, ... with a message that begins with the op's name.
  std::vector<Value> add_all(const OpDef& op, std::span<const Value> inputs, Attrs attrs = {});
  /// The same for ops with one output.
  Value add(const OpDef& op, std::initializer_list<Value> inputs, Attrs attrs = {});

  Value find(std::string_view name) const;  // parameters, variables, inputs, slots; no value when there is none
  std::vector<Value> parameters() const;
  std::vector<Value> variables() const;
  int64_t parameter_arena_elements() const { return arena_elements_; }
  size_t slot_count() const { return slots_; }
  /// A number that no other caller got from this graph: keys the random stream of a node.
  uint32_t next_stream() { return streams_++; }

  const std::vector<Node>& nodes() const { return nodes_; }
  const std::deque<ValueInfo>& values() const { return values_; }
  const ValueInfo& info(int id) const { return values_[static_cast<size_t>(id)]; }
  const ValueInfo& info(Value v) const { return info(v.id()); }
  /// The value whose memory `id` finally shares: itself unless its node updates another in place.
  int storage_of(int id) const;

 private:
  friend class GraphEdit;  // rewrites (src/graph/edit.h)
  Value add_value(ValueInfo info);

  std::vector<Node> nodes_;
  std::deque<ValueInfo> values_;  // a deque: what desc(), shape() and name() refer to stays put when nodes are added
  int64_t arena_elements_ = 0;
  bool parameters_fixed_ = false;
  int flat_parameters_ = -1;
  int flat_gradients_ = -1;
  size_t slots_ = 0;
  uint32_t streams_ = 1;
};

}  // namespace lemnos

LEMNOS_END_PUBLIC
