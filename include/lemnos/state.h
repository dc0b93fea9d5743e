// The state of a model: everything that a step reads and leaves behind. It outlives every graph and every program.
//
// A ModelState is names and places, no memory: a Session holds its memory on one device. Graphs are built on it (one
// for a training step, one for predictions, ...), and each program is compiled against it, so programs can be made,
// fail, be swapped and dropped without touching what was learned.
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
  scratch,    // what the host has yet to read, counters of one pass; lives with its graph
};
const char* to_string(Purpose purpose);
constexpr bool is_saved(Purpose purpose) { return purpose <= Purpose::step; }

/// Which memory a range is in. The first belongs to one program, `local` to one graph, the others to the state.
enum class ArenaKind : uint8_t { activations, local, parameters, gradients, slot, variable };
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

class ModelState {
 public:
  /// Elements to which each parameter's offset in its arena is aligned: 256 bytes of f32, the largest alignment that
  /// Vulkan may ask of a storage buffer's offset. The padding stays zero.
  static constexpr int64_t kArenaAlignment = 64;

  /// Each adds an entry and returns its id. They throw `invalid_argument` for a name already taken. Parameters lie one
  /// after the other in one flat f32 arena; gradients and each slot have an arena laid out alike.
  int add_parameter(std::string name, const Shape& shape, std::span<const float> initial);
  int add_variable(std::string name, TensorDesc desc, Purpose purpose, std::span<const std::byte> initial = {});
  /// An arena of optimizer state, filled with `initial` at the start.
  int add_slot(std::string name, float initial = 0);

  int find(std::string_view name) const;  // -1: there is none
  const StateEntry& entry(int id) const { return entries_.at(id); }
  const std::map<int, StateEntry>& entries() const { return entries_; }  // in the order of their making
  int64_t arena_elements() const { return arena_elements_; }
  TensorDesc flat() const { return {Shape{arena_elements_}, DType::f32}; }

  /// From now on no parameter can be added: the flat arena has a size. `why` is for the message of whoever tries.
  void fix_parameters(const char* why);
  /// The same as long as somebody holds what this returns: a session that has made the arena's memory.
  std::shared_ptr<const void> hold_parameters();

  /// A place to come back to: `rollback` takes back the entries that were added since. Ids are never used again.
  struct Mark {
    int next_id = 0;
    int64_t arena_elements = 0;
  };
  Mark mark() const { return {next_id_, arena_elements_}; }
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
