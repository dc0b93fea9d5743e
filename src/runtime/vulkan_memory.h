// The persistent memory of one graph on one Vulkan device: one buffer per arena, shared by the programs of a session.
#pragma once

#include <map>
#include <memory>
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

  /// Makes every arena that the plan touches, with its initial content.
  void prepare(const Plan& plan);
  /// Where `where` lies in Vulkan's terms; the range is widened to whole words.
  vulkan::BufferRange range(const Location& where);
  void write(const Location& where, std::span<const std::byte> bytes);
  void read(const Location& where, std::span<std::byte> bytes);
  std::vector<std::string> damaged_guards();

  vulkan::Timeline& timeline() { return *timeline_; }
  vulkan::Staging& staging() { return staging_; }
  const std::shared_ptr<vulkan::Context>& context() const { return context_; }
  uint64_t guard_bytes() const { return guard_bytes_; }

 private:
  struct Arena {
    vulkan::Buffer buffer;
    uint64_t bytes = 0;  // without guards
    std::string name;
  };
  Arena& arena(const ArenaId& id);
  void fill_initial(const ArenaId& id, Arena& arena);
  void fill_from(Arena& arena, const ValueInfo& info);

  const Graph& graph_;
  std::shared_ptr<vulkan::Context> context_;
  uint64_t guard_bytes_;
  std::shared_ptr<vulkan::Timeline> timeline_;
  vulkan::Staging staging_;
  std::map<ArenaId, Arena> arenas_;
};

/// Lines for every guard word that no longer holds kPoison.
void find_damage(std::span<const std::byte> bytes, uint64_t begin, uint64_t end, const std::string& what,
                 std::vector<std::string>& lines);
/// Throws the Error that belongs to a Status other than ok.
void require_ok(Status status, const char* doing);

}  // namespace lemnos
