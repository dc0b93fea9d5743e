#include "runtime/vulkan_memory.h"

#include <algorithm>
#include <cstring>

#include "base/text.h"

namespace lemnos {

namespace {
constexpr uint64_t whole_words(uint64_t bytes) { return std::max<uint64_t>((bytes + 3) / 4 * 4, 4); }
}  // namespace

void require_ok(Status status, const char* doing) {
  if (status == Status::ok) return;
  const ErrorCode code = status == Status::device_lost     ? ErrorCode::device_lost
                         : status == Status::out_of_memory ? ErrorCode::out_of_memory
                                                           : ErrorCode::internal;
  fail(code, doing, ": ", to_string(status));
}

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

VulkanMemory::VulkanMemory(const Graph& graph, std::shared_ptr<vulkan::Context> context, uint64_t guard_bytes)
    : graph_(graph),
      context_(std::move(context)),
      guard_bytes_(guard_bytes),
      timeline_(std::make_shared<vulkan::Timeline>(context_)),
      staging_(timeline_) {}

void VulkanMemory::prepare(const Plan& plan) {
  for (const ArenaId& id : plan.arenas) arena(id);
}

uint64_t VulkanMemory::arena_bytes(const ArenaId& id) const {
  if (id.kind == ArenaKind::value) return graph_.info(id.index).desc.bytes();
  return static_cast<uint64_t>(graph_.parameter_arena_elements()) * sizeof(float);
}

std::string VulkanMemory::arena_name(const ArenaId& id) const {
  constexpr const char* kNames[] = {"activations", "parameters", "gradients", "slot", "value"};
  const std::string kind = kNames[static_cast<size_t>(id.kind)];
  if (id.kind != ArenaKind::value) return kind;
  const std::string& name = graph_.info(id.index).name;
  return name.empty() ? text(kind, ' ', id.index) : name;
}

VulkanMemory::Arena& VulkanMemory::arena(const ArenaId& id) {
  const auto found = arenas_.find(id);
  if (found != arenas_.end()) return found->second;
  Arena made{.base = guard_bytes_, .bytes = arena_bytes(id), .name = arena_name(id)};
  // Zeros past the end of a tensor: a kernel may read the rest of the last word.
  const uint64_t rounded = std::max<uint64_t>((made.bytes + 255) / 256 * 256, 256);
  made.buffer = vulkan::Buffer(context_, vulkan::Memory::device, rounded + 2 * guard_bytes_, made.name);
  Arena& kept = arenas_.emplace(id, std::move(made)).first->second;
  std::vector<std::byte> guard(guard_bytes_);
  for (uint64_t at = 0; at + 4 <= guard_bytes_; at += 4) std::memcpy(guard.data() + at, &kPoison, 4);
  if (guard_bytes_) {
    require_ok(staging_.upload(guard, kept.buffer, 0), "guard");
    require_ok(staging_.upload(guard, kept.buffer, guard_bytes_ + rounded), "guard");
  }
  fill_initial(id, kept);
  return kept;
}

void VulkanMemory::fill_initial(const ArenaId& id, Arena& arena) {
  constexpr uint64_t kPiece = uint64_t{4} << 20;
  const uint64_t rounded = arena.buffer.size() - 2 * guard_bytes_;
  const bool whole = id.kind == ArenaKind::value && graph_.info(id.index).initial && arena.bytes == rounded;
  const std::vector<std::byte> zeros(whole ? 0 : std::min(kPiece, rounded));
  for (uint64_t at = 0; !whole && at < rounded; at += kPiece)
    require_ok(staging_.upload(std::span(zeros).first(std::min(kPiece, rounded - at)), arena.buffer, guard_bytes_ + at),
               "clear");
  if (id.kind == ArenaKind::value) return fill_from(arena, graph_.info(id.index));
  for (const ValueInfo& info : graph_.values()) {
    const bool parameter = id.kind == ArenaKind::parameters && info.role == Role::parameter;
    const bool slot = id.kind == ArenaKind::slot && info.role == Role::slot && info.slot == id.index;
    if ((parameter || slot) && info.producer < 0) fill_from(arena, info);
  }
}

void VulkanMemory::fill_from(Arena& arena, const ValueInfo& info) {
  if (!info.initial) return;
  const uint64_t offset = static_cast<uint64_t>(info.offset) * size_of(info.desc.dtype);
  require_ok(staging_.upload(*info.initial, arena.buffer, guard_bytes_ + offset), "initialise");
}

vulkan::BufferRange VulkanMemory::range(const Location& where) {
  Arena& found = arena(where.arena);
  return {found.buffer.handle(), found.base + where.offset, whole_words(where.bytes)};
}

vulkan::BufferRange VulkanMemory::parameters() {
  const ArenaId id{ArenaKind::parameters, 0};
  require(arena_bytes(id) > 0, ErrorCode::invalid_argument, "publish: the graph has no parameters");
  return range({id, 0, arena_bytes(id)});
}

void VulkanMemory::write(const Location& where, std::span<const std::byte> bytes, std::optional<uint64_t> free_after) {
  Arena& to = arena(where.arena);
  require_ok(order_after_foreign(), "write");
  require_ok(staging_.upload(bytes, to.buffer, to.base + where.offset, free_after), "write");
}

void VulkanMemory::read(const Location& where, std::span<std::byte> bytes) {
  const Arena& from = arena(where.arena);
  require_ok(staging_.download(from.buffer, from.base + where.offset, bytes), "read");
}

void VulkanMemory::bind(const ArenaId& id, const vulkan::BufferRange& place) {
  require(id.kind == ArenaKind::value, ErrorCode::invalid_argument,
          "bind: parameters, gradients and optimizer slots lie in flat arenas; inputs, constants and variables can be "
          "bound");
  const std::string name = arena_name(id);
  require(!arenas_.contains(id), ErrorCode::invalid_argument, "bind: '", name,
          "' has memory already; bind it before it is written and before a program that uses it is compiled");
  require(place.buffer != VK_NULL_HANDLE, ErrorCode::invalid_argument, "bind: '", name, "': no buffer was given");
  const uint64_t alignment = context_->caps().min_storage_offset_alignment;
  require(place.offset % alignment == 0, ErrorCode::invalid_argument, "bind: '", name, "' begins at byte ",
          place.offset, ", which is no multiple of ", alignment);
  const uint64_t bytes = arena_bytes(id);
  require(place.size >= whole_words(bytes), ErrorCode::shape_mismatch, "bind: '", name, "' takes ", whole_words(bytes),
          " bytes, the buffer has ", place.size);
  Arena made{.base = place.offset, .bytes = bytes, .name = name, .borrowed = true};
  made.buffer = vulkan::Buffer::borrow(context_, place.buffer, place.offset + place.size);
  arenas_.emplace(id, std::move(made));
}

// A submission is ordered after everything that the queue was given before it, by anybody: so an empty one of ours,
// waited for, waits for the application's.
Status VulkanMemory::order_after_foreign() { return foreign_ ? timeline_->submit({}).status : Status::ok; }

Status VulkanMemory::wait_all() {
  if (const Status status = order_after_foreign(); status != Status::ok) return status;
  return timeline_->wait_all();
}

VulkanMemory::~VulkanMemory() {
  (void)wait_all();  // on a lost device there is nothing to wait for
}

std::vector<std::string> VulkanMemory::damaged_guards() {
  std::vector<std::string> lines;
  if (guard_bytes_ == 0) return lines;
  for (auto& [id, arena] : arenas_) {
    if (arena.borrowed) continue;
    std::vector<std::byte> bytes(arena.buffer.size());
    require_ok(staging_.download(arena.buffer, 0, bytes), "read guards");
    find_damage(bytes, 0, guard_bytes_, "before " + arena.name, lines);
    find_damage(bytes, bytes.size() - guard_bytes_, bytes.size(), "after " + arena.name, lines);
  }
  return lines;
}

}  // namespace lemnos
