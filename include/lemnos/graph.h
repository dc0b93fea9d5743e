// The graph: what to compute, as values and nodes with shapes and element types. Knows nothing of Vulkan.
//
// Built by ordinary expressions (`auto y = relu(matmul(x, w) + b)`, see ops.h), extended by autograd and optimizers,
// compiled by a Session into Programs. Nodes run in the order in which they were added. A Graph is built on a
// ModelState, which several graphs may share. It is used by one thread at a time and must outlive its Values; a copy
// shares the state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "lemnos/attrs.h"
#include "lemnos/state.h"
#include "lemnos/tensor.h"
#include "lemnos/visibility.h"

LEMNOS_BEGIN_PUBLIC

namespace lemnos {

struct OpDef;
struct Loop;
class Graph;

/// The memory of a value, and so its lifetime.
enum class Role : uint8_t {
  activation,  // computed by a node, alive until its last use in a step
  input,       // written by the host, kept until written again (batches, resident data sets)
  constant,    // its content is part of the graph
  variable,    // named memory that nodes update in place (running means, StepState)
  parameter,   // trained; all in one flat arena
  gradient,    // one arena, laid out as the parameters
  slot,        // optimizer state; one arena each, laid out as the parameters
};
const char* to_string(Role role);

/// A handle to a value of a graph; cheap to copy. A default-constructed handle is empty.
class Value {
 public:
  Value() = default;
  Value(Graph* graph, int id) : graph_(graph), id_(id) {}

  explicit operator bool() const { return graph_ != nullptr; }
  /// The graph that the value belongs to.
  Graph& graph() const { return *graph_; }
  /// Its number in the graph.
  int id() const { return id_; }
  /// Throws `invalid_argument` if the handle is empty; so do shape(), dtype() and name().
  const TensorDesc& desc() const;
  /// Its extents.
  const Shape& shape() const { return desc().shape; }
  /// The type of its elements.
  DType dtype() const { return desc().dtype; }
  /// Its name; empty if it has none.
  const std::string& name() const;
  bool operator==(const Value&) const = default;

 private:
  Graph* graph_ = nullptr;
  int id_ = -1;
};

/// Everything that a graph knows about a value.
struct ValueInfo {
  TensorDesc desc;
  Role role = Role::activation;
  std::string name;
  int producer = -1;   // index of the node that computes it, or -1
  int alias = -1;      // the value whose memory it shares (its node updates or views that one), or -1
  int64_t offset = 0;  // elements from the start of its arena (parameter, gradient, slot)
  int slot = -1;       // which slot arena
  int entry = -1;      // of the state, or -1
  int version = 0;     // of its memory: how many updates of a step led to it
  std::shared_ptr<const std::vector<std::byte>> initial;  // of a constant, or of a variable that lives with the graph
};

/// An op applied to values.
struct Node {
  const OpDef* op = nullptr;
  std::vector<int> inputs;   // value ids
  std::vector<int> outputs;  // value ids
  Attrs attrs;
  std::shared_ptr<const Loop> loop;  // of a `repeat` node (loop.h); null of every other
};

/// Values and the nodes that compute them, on the state of a model. It only grows.
class Graph {
 public:
  static constexpr int64_t kArenaAlignment = ModelState::kArenaAlignment;

  /// With a new state, or with one that other graphs use too; the same name is then the same tensor.
  Graph() : Graph(std::make_shared<ModelState>()) {}
  explicit Graph(std::shared_ptr<ModelState> state) : state_(std::move(state)) {}

  /// The parameters, variables and optimizer slots that the graph can use.
  const std::shared_ptr<ModelState>& state() const { return state_; }
  /// Identifies the graph; programs compiled from it have the same number, and no other graph has it.
  const std::shared_ptr<const void>& identity() const { return identity_.token; }

  /// An input: the host writes it.
  Value input(std::string name, TensorDesc desc);
  /// A constant. `bytes` is the content of the tensor, in its dtype.
  Value constant(TensorDesc desc, std::span<const std::byte> bytes, std::string name = {});
  /// Numbers that never change, f32. Throws `shape_mismatch` for another number of values.
  Value constant(const Shape& shape, std::span<const float> values, std::string name = {});
  /// A constant of no axes.
  Value scalar(float value) { return constant(Shape{}, std::span<const float>(&value, 1)); }
  /// Named memory that nodes update in place. It belongs to the state, or, with Purpose::scratch, to this graph. Where
  /// the state has that name already, it is that entry and `initial` is not used. Throws `invalid_argument` for a name
  /// that this graph uses already, `shape_mismatch` for another tensor than the state's.
  Value variable(std::string name, TensorDesc desc, std::span<const std::byte> initial = {},
                 Purpose purpose = Purpose::statistic);
  /// A trained f32 tensor. `initial` holds shape.elements() values; it is empty where the state has that name already.
  /// Throws as variable(), and `invalid_argument` after flat_parameters() was called.
  Value parameter(std::string name, const Shape& shape, std::span<const float> initial);

  /// The parameter arena as one f32 vector, padding included, after all updates that the graph has so far. Fixes the
  /// set of parameters.
  Value flat_parameters();
  /// The gradient arena, with the same layout and the gradients placed so far (autograd.h). Parameters without a
  /// gradient keep zeros.
  Value flat_gradients();
  /// An arena with the same layout for optimizer state, filled with `initial` at the start. The same name returns the
  /// same arena, after all updates that the graph has so far.
  Value slot(std::string name, float initial = 0);

  /// Adds a node: checks the attributes against the op's declaration, infers the outputs' shapes, and returns them.
  /// Throws `shape_mismatch`, `invalid_argument`, ... with a message that begins with the op's name.
  std::vector<Value> add_all(const OpDef& op, std::span<const Value> inputs, Attrs attrs = {});
  /// The same for ops with one output.
  Value add(const OpDef& op, std::initializer_list<Value> inputs, Attrs attrs = {});

  /// The parameter, variable, input or slot of that name, of this graph or of its state; empty if there is none.
  Value find(std::string_view name);
  std::vector<Value> parameters() const;  ///< those that this graph uses, in the order of their first use
  /// Those that this graph uses, in the order of their first use.
  std::vector<Value> variables() const;
  /// The key of a node's random stream: a name, and how many streams of that name exist already.
  uint32_t stream(std::string_view name);

  /// In the order in which they were added: a node reads only values of earlier ones.
  const std::vector<Node>& nodes() const { return nodes_; }
  /// By their numbers.
  const std::deque<ValueInfo>& values() const { return values_; }
  /// Of the value with that number.
  const ValueInfo& info(int id) const { return values_[static_cast<size_t>(id)]; }
  /// Of that value.
  const ValueInfo& info(Value v) const { return info(v.id()); }
  /// The value whose memory `id` finally shares: itself unless its node updates another in place.
  int storage_of(int id) const;
  /// Where that memory is; an activation's is {activations, its storage}.
  ArenaId arena_of(int id) const;
  /// v as the updates of its memory that the graph has so far leave it: v itself where there are none after it.
  Value newest(Value v);

 private:
  friend class GraphEdit;  // rewrites (src/graph/edit.h)
  struct Identity {
    Identity() : token(std::make_shared<char>()) {}
    Identity(const Identity&) : Identity() {}
    Identity& operator=(const Identity&) { return *this; }
    std::shared_ptr<const void> token;
  };
  Value add_value(ValueInfo info);
  Value add_entry(int entry);
  /// The entry of that name, which must have this desc; -1 where the state has none.
  int known_entry(const std::string& name, const TensorDesc& desc, Purpose purpose) const;
  Value flat(int& base, Role role, const char* name);
  void share_memory(int value, int source);
  std::vector<Value> bases(Role role) const;
  bool is_alive(const ValueInfo& info) const;

  std::shared_ptr<ModelState> state_;
  Identity identity_;
  std::vector<Node> nodes_;
  std::deque<ValueInfo> values_;  // a deque: what desc(), shape() and name() refer to stays put when nodes are added
  std::unordered_map<std::string, int> by_name_;
  std::map<ArenaId, int> newest_;  // the value that the last update of an arena left
  std::unordered_map<std::string, uint32_t> streams_;
  int flat_parameters_ = -1;
  int flat_gradients_ = -1;
};

}  // namespace lemnos

LEMNOS_END_PUBLIC
