// The state of a model: everything that one step leaves for the next. It outlives every graph and every program.
//
// A ModelState holds names and offsets. The memory itself belongs to a Session, on one device. Graphs are built on a
// state (one for a training step, one for predictions, ...), and programs are compiled against it. So programs can be
// compiled, fail, be exchanged and be dropped without a change to the learned state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lemnos/tensor.h"
#include "lemnos/visibility.h"

LEMNOS_BEGIN_PUBLIC

namespace lemnos {

/// What a value is for. Checkpoints hold the first four.
enum class Purpose : uint8_t {
  parameter,  // trained
  statistic,  // named state of the model that is not trained: running means
  optimizer,  // slots: momentum, squared gradients
  step,       // step number, learning rate, position in the data
  data,       // written by the host; lives with its graph
  scratch,    // results that the host reads later, counters of one pass; lives with its graph
};
const char* to_string(Purpose purpose);
constexpr bool is_saved(Purpose purpose) { return purpose <= Purpose::step; }

/// Which memory a range is in. The first belongs to one program, `local` to one graph, the others to the state.
enum class ArenaKind : uint8_t { activations, local, parameters, gradients, slot, variable };
/// An arena: its kind, and which one of that kind.
struct ArenaId {
  ArenaKind kind = ArenaKind::activations;
  int index = 0;  // local: the value's id; slot: its number; variable: the entry's id
  auto operator<=>(const ArenaId&) const = default;
};

/// One named tensor of a state.
struct StateEntry {
  std::string name;
  TensorDesc desc;
  Purpose purpose = Purpose::parameter;
  ArenaId arena;
  int64_t offset = 0;                                     // elements from the start of the arena
  std::shared_ptr<const std::vector<std::byte>> initial;  // content at the start; null: zeros
};

/// What a model has learned: names, purposes and one layout, without memory.
class ModelState {
 public:
  /// Elements to which each parameter's offset in its arena is aligned: 256 bytes of f32, the largest alignment that
  /// Vulkan may ask of a storage buffer's offset. The padding stays zero.
  static constexpr int64_t kArenaAlignment = 64;

  /// Each function adds an entry and returns its id. It throws `invalid_argument` if the name exists. All parameters
  /// are in one flat f32 arena; gradients and each slot have an arena with the same layout.
  int add_parameter(std::string name, const Shape& shape, std::span<const float> initial);
  /// Adds a tensor with memory of its own, filled with `initial` at the start (empty: zeros). Throws as add_parameter.
  int add_variable(std::string name, TensorDesc desc, Purpose purpose, std::span<const std::byte> initial = {});
  /// An arena of optimizer state, filled with `initial` at the start.
  int add_slot(std::string name, float initial = 0);

  int find(std::string_view name) const;  ///< -1: there is none
  /// The entry with that number.
  const StateEntry& entry(int id) const { return entries_.at(id); }
  const std::map<int, StateEntry>& entries() const { return entries_; }  ///< in order of creation
  /// The extent of the parameter arena, gaps included.
  int64_t arena_elements() const { return arena_elements_; }
  /// The parameter arena as one tensor.
  TensorDesc flat() const { return {Shape{arena_elements_}, DType::f32}; }

  /// From now on no parameter can be added, because the flat arena has a fixed size. `why` becomes part of the error
  /// message.
  void fix_parameters(const char* why);
  /// The same for the lifetime of the returned object. A session that has allocated the arena holds one.
  std::shared_ptr<const void> hold_parameters();

  /// A mark for `rollback`, which removes the entries that were added since. Ids are never reused.
  struct Mark {
    int next_id = 0;
    int64_t arena_elements = 0;
  };
  /// A point to which rollback() returns.
  Mark mark() const { return {next_id_, arena_elements_}; }
  /// Removes what was added since.
  void rollback(const Mark& mark);

 private:
  int add(StateEntry entry);

  std::map<int, StateEntry> entries_;
  std::unordered_map<std::string, int> by_name_;
  int next_id_ = 0;
  int next_slot_ = 0;
  int64_t arena_elements_ = 0;
  const char* fixed_ = nullptr;  // why
  std::weak_ptr<const void> held_;
};

}  // namespace lemnos

LEMNOS_END_PUBLIC
