// Memory that outlives a step on one Vulkan device: that of a state, shared by every program of a session, and that of
// one graph on it.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "plan/plan.h"
#include "vulkan/buffer.h"
#include "vulkan/staging.h"
#include "vulkan/timeline.h"

namespace lemnos {

/// The pattern that guards and poisoned memory hold: a quiet NaN in f32 and in both halves of it.
inline constexpr uint32_t kPoison = 0x7fc17fc1u;

/// A buffer for each arena, made at its first use.
class VulkanArenas {
 public:
  struct Arena {
    vulkan::Buffer buffer;
    uint64_t base = 0;   // where the tensor begins in it: after the guard, or where an application says
    uint64_t bytes = 0;  // without guards
    std::string name;
    bool borrowed = false;
  };
  /// Content at the start, somewhere in an arena; zeros elsewhere.
  struct Fill {
    uint64_t offset = 0;  // bytes
    std::shared_ptr<const std::vector<std::byte>> bytes;
  };

  VulkanArenas(std::shared_ptr<vulkan::Context> context, vulkan::Staging& staging, uint64_t guard_bytes)
      : context_(std::move(context)), staging_(staging), guard_bytes_(guard_bytes) {}

  Arena* find(const ArenaId& id);
  /// Kept only once it is filled.
  Arena& make(const ArenaId& id, uint64_t bytes, std::string name, std::span<const Fill> fills);
  /// Puts an arena into an application's buffer, whose content it keeps. Throws `invalid_argument` for one that has
  /// memory already, and for an offset or size that does not fit (both numbers are given).
  void bind(const ArenaId& id, uint64_t bytes, const std::string& name, const vulkan::BufferRange& place);
  void drop_if(const std::function<bool(const ArenaId&)>& unwanted);
  void find_damage(std::vector<std::string>& lines) const;

 private:
  void fill(Arena& made, uint64_t rounded, std::span<const Fill> fills);

  std::shared_ptr<vulkan::Context> context_;
  vulkan::Staging& staging_;
  uint64_t guard_bytes_;
  std::map<ArenaId, Arena> arenas_;
};

/// The memory of a ModelState.
class VulkanState {
 public:
  VulkanState(std::shared_ptr<ModelState> state, std::shared_ptr<vulkan::Context> context, uint64_t guard_bytes);
  /// Waits for everything, also for what the application submitted for a program of this session.
  ~VulkanState();

  VulkanArenas::Arena& arena(const ArenaId& id);
  uint64_t missing(const ArenaId& id) { return arenas_.find(id) ? 0 : arena_bytes(id); }
  void bind(const ArenaId& id, const vulkan::BufferRange& place);
  /// Drops the memory of entries that the state no longer has.
  void drop_unused();
  /// Commands that use this memory stand in an application's command buffer: from now on the host also waits for what
  /// the application has submitted to the queue.
  void used_by_foreign_commands() { foreign_ = true; }
  Status order_after_foreign();
  Status wait_all();
  /// As wait_all(), before something goes: see Timeline::finish.
  Status finish();
  std::vector<std::string> damaged_guards() const;

  const std::shared_ptr<ModelState>& layout() const { return state_; }
  vulkan::Timeline& timeline() { return *timeline_; }
  vulkan::Staging& staging() { return staging_; }
  const std::shared_ptr<vulkan::Context>& context() const { return context_; }
  uint64_t guard_bytes() const { return guard_bytes_; }

 private:
  uint64_t arena_bytes(const ArenaId& id) const;
  std::string arena_name(const ArenaId& id) const;

  std::shared_ptr<ModelState> state_;
  std::shared_ptr<const void> layout_held_;  // once a flat arena has memory
  std::shared_ptr<vulkan::Context> context_;
  uint64_t guard_bytes_;
  std::shared_ptr<vulkan::Timeline> timeline_;
  vulkan::Staging staging_;
  VulkanArenas arenas_;
  bool foreign_ = false;
};

/// What the programs of one graph use: the state's memory, and its own inputs, constants and scratch variables.
class VulkanMemory {
 public:
  explicit VulkanMemory(std::shared_ptr<VulkanState> state);
  ~VulkanMemory();

  /// Makes an arena of the graph or of its state, with its initial content.
  void prepare(const Graph& graph, const ArenaId& id);
  /// Bytes that prepare() would allocate; 0: it is there.
  uint64_t missing(const Graph& graph, const ArenaId& id);
  /// Where `where` lies in Vulkan's terms; the range is widened to whole words. Its arena was prepared.
  vulkan::BufferRange range(const Location& where);
  /// The same of a program that has its activations there.
  vulkan::BufferRange range(const Location& where, const vulkan::Buffer& activations);
  /// The whole parameter arena. Throws `invalid_argument` for a state without parameters.
  vulkan::BufferRange parameters();
  /// Ordered after everything submitted so far, or after the timeline's value `free_after`.
  void write(const Location& where, std::span<const std::byte> bytes, std::optional<uint64_t> free_after = {});
  void read(const Location& where, std::span<std::byte> bytes);
  void bind(const Graph& graph, int value, const vulkan::BufferRange& place);
  /// Whether the arena of a value of the graph is there.
  bool holds(const ArenaId& local) { return local_.find(local) != nullptr; }
  void find_damage(std::vector<std::string>& lines) const { local_.find_damage(lines); }

  VulkanState& state() { return *state_; }
  vulkan::Timeline& timeline() { return state_->timeline(); }
  vulkan::Staging& staging() { return state_->staging(); }
  const std::shared_ptr<vulkan::Context>& context() const { return state_->context(); }
  Status wait_all() { return state_->wait_all(); }
  Status finish() { return state_->finish(); }
  void used_by_foreign_commands() { state_->used_by_foreign_commands(); }

 private:
  VulkanArenas::Arena& arena(const ArenaId& id);

  std::shared_ptr<VulkanState> state_;
  VulkanArenas local_;
};

/// What a kernel sees of so many bytes.
constexpr uint64_t whole_words(uint64_t bytes) { return std::max<uint64_t>((bytes + 3) / 4 * 4, 4); }
/// Lines for every guard word that no longer holds kPoison.
void find_damage(std::span<const std::byte> bytes, uint64_t begin, uint64_t end, const std::string& what,
                 std::vector<std::string>& lines);

}  // namespace lemnos
