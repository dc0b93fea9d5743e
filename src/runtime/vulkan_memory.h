// The persistent memory of one graph on one Vulkan device: one buffer per arena, shared by the programs of a session.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "vulkan/buffer.h"
#include "vulkan/staging.h"
#include "vulkan/timeline.h"

namespace lemnos {

/// The pattern that guards and poisoned memory hold: a quiet NaN in f32 and in both halves of it.
inline constexpr uint32_t kPoison = 0x7fc17fc1u;

class VulkanMemory {
 public:
  VulkanMemory(const Graph& graph, std::shared_ptr<vulkan::Context> context, uint64_t guard_bytes);
  /// Waits for everything, also for what the application submitted for a program of this session.
  ~VulkanMemory();

  /// Makes every arena that the plan touches, with its initial content.
  void prepare(const Plan& plan);
  /// Where `where` lies in Vulkan's terms; the range is widened to whole words.
  vulkan::BufferRange range(const Location& where);
  const Graph& graph() const { return graph_; }
  /// The whole parameter arena. Throws `invalid_argument` for a graph without parameters.
  vulkan::BufferRange parameters();
  /// Ordered after everything submitted so far, or after the timeline's value `free_after`.
  void write(const Location& where, std::span<const std::byte> bytes, std::optional<uint64_t> free_after = {});
  void read(const Location& where, std::span<std::byte> bytes);
  std::vector<std::string> damaged_guards();
  /// Puts an arena with memory of its own (an input, a constant, a variable) into an application's buffer, whose
  /// content it keeps. Throws `invalid_argument` for another arena, for one that has memory already, and for an offset
  /// or size that does not fit (both numbers are given).
  void bind(const ArenaId& id, const vulkan::BufferRange& place);
  /// Commands that use this memory stand in an application's command buffer: from now on the host also waits for what
  /// the application has submitted to the queue.
  void used_by_foreign_commands() { foreign_ = true; }
  Status wait_all();

  vulkan::Timeline& timeline() { return *timeline_; }
  vulkan::Staging& staging() { return staging_; }
  const std::shared_ptr<vulkan::Context>& context() const { return context_; }
  uint64_t guard_bytes() const { return guard_bytes_; }

 private:
  struct Arena {
    vulkan::Buffer buffer;
    uint64_t base = 0;   // where the tensor begins in it: after the guard, or where an application says
    uint64_t bytes = 0;  // without guards
    std::string name;
    bool borrowed = false;
  };
  uint64_t arena_bytes(const ArenaId& id) const;
  std::string arena_name(const ArenaId& id) const;
  Status order_after_foreign();
  Arena& arena(const ArenaId& id);
  void fill_initial(const ArenaId& id, Arena& arena);
  void fill_from(Arena& arena, const ValueInfo& info);

  const Graph& graph_;
  std::shared_ptr<vulkan::Context> context_;
  uint64_t guard_bytes_;
  std::shared_ptr<vulkan::Timeline> timeline_;
  vulkan::Staging staging_;
  std::map<ArenaId, Arena> arenas_;
  bool foreign_ = false;
};

/// Lines for every guard word that no longer holds kPoison.
void find_damage(std::span<const std::byte> bytes, uint64_t begin, uint64_t end, const std::string& what,
                 std::vector<std::string>& lines);
/// Throws the Error that belongs to a Status other than ok.
void require_ok(Status status, const char* doing);

}  // namespace lemnos
