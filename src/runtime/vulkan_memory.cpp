#include "runtime/vulkan_memory.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <set>
#include <thread>

#include "base/text.h"

namespace lemnos {

namespace {
std::string name_of(const Graph& graph, const ArenaId& local) {
  const std::string& name = graph.info(local.index).name;
  return name.empty() ? text("value ", local.index) : name;
}
}  // namespace

void find_damage(std::span<const std::byte> bytes, uint64_t begin, uint64_t end, const std::string& what,
                 std::vector<std::string>& lines) {
  for (uint64_t at = begin; at + 4 <= end; at += 4) {
    uint32_t word;
    std::memcpy(&word, bytes.data() + at, 4);
    if (word == kPoison) continue;
    lines.push_back(text(what, ": the guard word at byte ", static_cast<int64_t>(at), " holds ", word));
    return;
  }
}

// Arenas
// -----------------------------------------------------------------------------------------------------------------

VulkanArenas::Arena* VulkanArenas::find(const ArenaId& id) {
  const auto found = arenas_.find(id);
  return found == arenas_.end() ? nullptr : &found->second;
}

VulkanArenas::Arena& VulkanArenas::make(const ArenaId& id, uint64_t bytes, std::string name,
                                        std::span<const Fill> fills) {
  Arena made{.base = guard_bytes_, .bytes = bytes, .name = std::move(name)};
  // Zeros past the end of a tensor: a kernel may read the rest of the last word.
  const uint64_t rounded = std::max<uint64_t>((bytes + 255) / 256 * 256, 256);
  made.buffer = vulkan::Buffer(context_, vulkan::Memory::device, rounded + 2 * guard_bytes_, made.name);
  try {
    fill(made, rounded, fills);
  } catch (...) {
    staging_.finish();  // what was sent before still writes to the buffer
    throw;
  }
  return arenas_.emplace(id, std::move(made)).first->second;
}

void VulkanArenas::fill(Arena& made, uint64_t rounded, std::span<const Fill> fills) {
  std::vector<std::byte> guard(guard_bytes_);
  for (uint64_t at = 0; at + 4 <= guard_bytes_; at += 4) std::memcpy(guard.data() + at, &kPoison, 4);
  if (guard_bytes_) {
    require_ok(staging_.upload(guard, made.buffer, 0), "guard");
    require_ok(staging_.upload(guard, made.buffer, guard_bytes_ + rounded), "guard");
  }
  constexpr uint64_t kPiece = uint64_t{4} << 20;
  const bool whole = fills.size() == 1 && fills[0].bytes->size() == rounded;
  const std::vector<std::byte> zeros(whole ? 0 : std::min(kPiece, rounded));
  for (uint64_t at = 0; !whole && at < rounded; at += kPiece)
    require_ok(staging_.upload(std::span(zeros).first(std::min(kPiece, rounded - at)), made.buffer, guard_bytes_ + at),
               "clear");
  for (const Fill& fill : fills)
    require_ok(staging_.upload(*fill.bytes, made.buffer, guard_bytes_ + fill.offset), "initialise");
}

void VulkanArenas::bind(const ArenaId& id, uint64_t bytes, const std::string& name, const vulkan::BufferRange& place) {
  require(!find(id), ErrorCode::invalid_argument, "bind: '", name,
          "' has memory already; bind it before it is written and before a program that uses it is compiled");
  require(place.buffer != VK_NULL_HANDLE, ErrorCode::invalid_argument, "bind: '", name, "': no buffer was given");
  const uint64_t alignment = context_->caps().min_storage_offset_alignment;
  require(place.offset % alignment == 0, ErrorCode::invalid_argument, "bind: '", name, "' begins at byte ",
          place.offset, ", which is not a multiple of ", alignment);
  require(place.size >= whole_words(bytes), ErrorCode::shape_mismatch, "bind: '", name, "' takes ", whole_words(bytes),
          " bytes, the buffer has ", place.size);
  Arena made{.base = place.offset, .bytes = bytes, .name = name, .borrowed = true};
  made.buffer = vulkan::Buffer::borrow(context_, place.buffer, place.offset + place.size);
  arenas_.emplace(id, std::move(made));
}

void VulkanArenas::drop_if(const std::function<bool(const ArenaId&)>& unwanted) {
  std::erase_if(arenas_, [&](const auto& entry) { return unwanted(entry.first); });
}

void VulkanArenas::find_damage(std::vector<std::string>& lines) const {
  if (guard_bytes_ == 0) return;
  for (const auto& [id, arena] : arenas_) {
    if (arena.borrowed) continue;
    std::vector<std::byte> bytes(arena.buffer.size());
    require_ok(staging_.download(arena.buffer, 0, bytes), "read guards");
    lemnos::find_damage(bytes, 0, guard_bytes_, "before " + arena.name, lines);
    lemnos::find_damage(bytes, bytes.size() - guard_bytes_, bytes.size(), "after " + arena.name, lines);
  }
}

// The state
// --------------------------------------------------------------------------------------------------------------

VulkanState::VulkanState(std::shared_ptr<ModelState> state, std::shared_ptr<vulkan::Context> context,
                         uint64_t guard_bytes)
    : state_(std::move(state)),
      context_(std::move(context)),
      guard_bytes_(guard_bytes),
      timeline_(std::make_shared<vulkan::Timeline>(context_)),
      staging_(timeline_),
      arenas_(context_, staging_, guard_bytes) {}

VulkanState::~VulkanState() { (void)finish(); }

uint64_t VulkanState::arena_bytes(const ArenaId& id) const {
  return id.kind == ArenaKind::variable ? state_->entry(id.index).desc.bytes() : state_->flat().bytes();
}

std::string VulkanState::arena_name(const ArenaId& id) const {
  if (id.kind == ArenaKind::variable) return state_->entry(id.index).name;
  return id.kind == ArenaKind::slot ? "slot" : id.kind == ArenaKind::parameters ? "parameters" : "gradients";
}

VulkanArenas::Arena& VulkanState::arena(const ArenaId& id) {
  if (VulkanArenas::Arena* known = arenas_.find(id)) return *known;
  if (id.kind != ArenaKind::variable) layout_held_ = state_->hold_parameters();
  std::vector<VulkanArenas::Fill> fills;
  for (const auto& [number, entry] : state_->entries())
    if (entry.arena == id && entry.initial)
      fills.push_back({static_cast<uint64_t>(entry.offset) * size_of(entry.desc.dtype), entry.initial});
  return arenas_.make(id, arena_bytes(id), arena_name(id), fills);
}

void VulkanState::bind(const ArenaId& id, const vulkan::BufferRange& place) {
  arenas_.bind(id, arena_bytes(id), arena_name(id), place);
}

void VulkanState::drop_unused() {
  std::set<ArenaId> used{{ArenaKind::gradients, 0}};
  for (const auto& [id, entry] : state_->entries()) used.insert(entry.arena);
  arenas_.drop_if([&](const ArenaId& id) { return !used.contains(id); });
}

// A submission is ordered after everything that the queue was given before it, by anybody: so an empty one of ours,
// waited for, waits for the application's.
Status VulkanState::order_after_foreign() { return foreign_ ? timeline_->submit({}).status : Status::ok; }

Status VulkanState::wait_all() {
  if (const Status status = order_after_foreign(); status != Status::ok) return status;
  return timeline_->wait_all();
}

Status VulkanState::finish() {
  for (int tries = 0; foreign_ && tries < 1000 && order_after_foreign() == Status::out_of_memory; ++tries)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return timeline_->finish();
}

std::vector<std::string> VulkanState::damaged_guards() const {
  std::vector<std::string> lines;
  arenas_.find_damage(lines);
  return lines;
}

// A graph on it
// ----------------------------------------------------------------------------------------------------------

VulkanMemory::VulkanMemory(std::shared_ptr<VulkanState> state)
    : state_(std::move(state)), local_(state_->context(), state_->staging(), state_->guard_bytes()) {}

VulkanMemory::~VulkanMemory() { (void)finish(); }

void VulkanMemory::prepare(const Graph& graph, const ArenaId& id) {
  if (id.kind != ArenaKind::local) return (void)state_->arena(id);
  if (local_.find(id)) return;
  const ValueInfo& info = graph.info(id.index);
  const VulkanArenas::Fill fill{0, info.initial};
  (void)local_.make(id, info.desc.bytes(), name_of(graph, id), std::span(&fill, info.initial ? 1 : 0));
}

uint64_t VulkanMemory::missing(const Graph& graph, const ArenaId& id) {
  if (id.kind != ArenaKind::local) return state_->missing(id);
  return local_.find(id) ? 0 : graph.info(id.index).desc.bytes();
}

VulkanArenas::Arena& VulkanMemory::arena(const ArenaId& id) {
  if (id.kind != ArenaKind::local) return state_->arena(id);
  VulkanArenas::Arena* found = local_.find(id);
  require(found != nullptr, ErrorCode::internal, "memory: the arena of value ", id.index, " was not prepared");
  return *found;
}

vulkan::BufferRange VulkanMemory::range(const Location& where) {
  VulkanArenas::Arena& found = arena(where.arena);
  return {found.buffer.handle(), found.base + where.offset, whole_words(where.bytes)};
}

vulkan::BufferRange VulkanMemory::range(const Location& where, const vulkan::Buffer& activations) {
  if (where.arena.kind != ArenaKind::activations) return range(where);
  return {activations.handle(), where.offset, whole_words(where.bytes)};
}

vulkan::BufferRange VulkanMemory::parameters() {
  const uint64_t bytes = state_->layout()->flat().bytes();
  require(bytes > 0, ErrorCode::invalid_argument, "publish: the graph has no parameters");
  return range({{ArenaKind::parameters, 0}, 0, bytes});
}

void VulkanMemory::write(const Location& where, std::span<const std::byte> bytes, std::optional<uint64_t> free_after) {
  VulkanArenas::Arena& to = arena(where.arena);
  require_ok(state_->order_after_foreign(), "write");
  require_ok(staging().upload(bytes, to.buffer, to.base + where.offset, free_after), "write");
}

void VulkanMemory::read(const Location& where, std::span<std::byte> bytes) {
  const VulkanArenas::Arena& from = arena(where.arena);
  require_ok(staging().download(from.buffer, from.base + where.offset, bytes), "read");
}

void VulkanMemory::bind(const Graph& graph, int value, const vulkan::BufferRange& place) {
  const ArenaId id = graph.arena_of(value);
  require(id.kind == ArenaKind::local || id.kind == ArenaKind::variable, ErrorCode::invalid_argument,
          "bind: parameters, gradients and optimizer slots lie in flat arenas; inputs, constants and variables can be "
          "bound");
  if (id.kind == ArenaKind::variable) return state_->bind(id, place);
  local_.bind(id, graph.info(id.index).desc.bytes(), name_of(graph, id), place);
}

}  // namespace lemnos
