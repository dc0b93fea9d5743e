#include "runtime/vulkan_program.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <new>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "runtime/compilation.h"

namespace lemnos {

VulkanProgram::VulkanProgram(Plan plan, std::shared_ptr<VulkanMemory> memory, double segment_microseconds)
    : plan_(std::move(plan)),
      memory_(std::move(memory)),
      segment_microseconds_(segment_microseconds),
      pool_(memory_->context()) {
  require_room();
  for (const ArenaId& id : plan_.arenas) memory_->prepare(plan_.graph, id);
  if (plan_.activation_bytes)
    activations_ = vulkan::Buffer(memory_->context(), vulkan::Memory::device, plan_.activation_bytes, "activations");
  try {
    if (plan_.guard_bytes && plan_.activation_bytes) poison();
    if (!plan_.dispatches.empty()) cut(1);
  } catch (...) {
    (void)memory_->finish();
    throw;
  }
}

// Before anything is allocated: what is missing would leave the device without memory halfway.
void VulkanProgram::require_room() const {
  const Graph& graph = plan_.graph;
  std::set<ArenaId> fresh;
  uint64_t wanted = plan_.activation_bytes;
  for (const ArenaId& id : plan_.arenas)
    if (const uint64_t bytes = memory_->missing(graph, id)) {
      fresh.insert(id);
      wanted += bytes;
    }
  const uint64_t left = memory_->context()->allocator().bytes_left();
  if (wanted <= left) return;
  std::vector<std::pair<uint64_t, std::string>> tensors;
  for (size_t i = 0; i < graph.values().size(); ++i) {
    const int id = static_cast<int>(i);
    const ValueInfo& info = graph.info(id);
    const bool there = i < plan_.locations.size() && plan_.locations[i].bytes && graph.storage_of(id) == id;
    const ArenaId arena = there ? plan_.locations[i].arena : ArenaId{};
    if (!there || (arena.kind != ArenaKind::activations && !fresh.contains(arena))) continue;
    const std::string name = !info.name.empty()   ? "'" + info.name + "'"
                             : info.producer >= 0 ? graph.nodes()[static_cast<size_t>(info.producer)].op->name
                                                  : text("value ", id);
    tensors.emplace_back(info.desc.bytes(), text(name, " ", info.desc, " (", info.desc.bytes(), " bytes)"));
  }
  std::ranges::sort(tensors, std::greater<>{});
  std::string largest;
  for (size_t i = 0; i < std::min<size_t>(3, tensors.size()); ++i) largest += (i ? ", " : "") + tensors[i].second;
  fail(ErrorCode::out_of_memory, "compile: ", wanted, " bytes are wanted, ", plan_.activation_bytes,
       " of them for activations, and ", left, " are left of the memory of ", memory_->context()->info().name,
       "; the largest tensors: ", largest);
}

void VulkanProgram::cut(double slowness) {
  // Where something fails the program stays as it was.
  auto launches = std::make_unique<VulkanLaunches>(plan_, *memory_, activations_, segment_microseconds_, slowness);
  const VkCommandBuffer commands = vulkan::recorded(pool_, [&](vulkan::Recorder& r) { launches->record_step(r); });
  auto steps = std::make_unique<VulkanSteps>(*launches, *memory_, pool_, total_steps_);
  repeated_.assign(VulkanSteps::kMostStepsPerSubmit, commands);
  profiler_.reset();
  steps_ = std::move(steps);
  launches_ = std::move(launches);
}

VulkanProgram::~VulkanProgram() {
  (void)memory_->finish();  // the command buffer must have completed before its pool goes
}

VulkanSteps& VulkanProgram::steps() {
  require(steps_ != nullptr, ErrorCode::invalid_argument, "advance: the program launches nothing");
  return *steps_;
}

Status VulkanProgram::run(uint32_t steps) {
  if (!steps_ || steps == 0) return Status::ok;
  if (!steps_->at_start()) {
    if (const Status status = steps_->finish(); status != Status::ok) return status;
    --steps;
  }
  while (steps > 0) {
    Status status = cut_again_ ? Status::ok : cut_if_slow();
    if (status == Status::ok) status = steps_->run(steps, repeated_);
    if (status != Status::ok) return status;
  }
  return steps_->publish();
}

// Once, and not a program that an application records.
Status VulkanProgram::cut_if_slow() {
  const double slowness = steps_->slowness();
  if (slowness <= 1 || steps_->publication()) return Status::ok;
  if (const Status status = memory_->wait_all(); status != Status::ok) return status;
  try {
    cut(slowness);
    cut_again_ = true;
    return Status::ok;
  } catch (const Error& error) {
    memory_->context()->log(LogLevel::error, error.what());
    return error.code() == ErrorCode::device_lost ? Status::device_lost : Status::out_of_memory;
  } catch (const std::bad_alloc&) {
    return Status::out_of_memory;
  }
}

Status VulkanProgram::advance(const Budget& budget, Advanced* done) {
  if (steps_) return steps_->advance(budget, done);
  if (done) *done = {.steps = budget.steps, .total_steps = total_steps_ += budget.steps};
  return Status::ok;
}

double VulkanProgram::step_microseconds() const { return steps_ ? steps_->step_microseconds() : 0; }

Status VulkanProgram::wait() { return memory_->wait_all(); }

Profile VulkanProgram::empty_profile(uint32_t steps) const {
  const DeviceInfo& info = memory_->context()->info();
  Profile profile{.device = info.name, .driver = info.driver, .driver_version = info.driver_version, .steps = steps};
  for (const PlannedDispatch& planned : plan_.dispatches) {
    const auto [op, result] = op_and_result(plan_, planned);
    const uint64_t times =
        planned.loop < 0 ? 1 : static_cast<uint64_t>(plan_.loops[static_cast<size_t>(planned.loop)].times);
    profile.launches.push_back({.op = op,
                                .result = result,
                                .kernel = planned.dispatch.kernel->name,
                                .groups = planned.dispatch.groups,
                                .bytes = planned.dispatch.cost.bytes * times,
                                .flops = planned.dispatch.cost.flops * times});
  }
  return profile;
}

Profile VulkanProgram::profile(uint32_t steps) {
  Profile profile = empty_profile(steps);
  if (!launches_ || steps == 0) return profile;
  std::vector<double> replayed;
  for (uint32_t i = 0; i < steps; ++i) {
    const Stopwatch replay;
    require_ok(run(1), "profile");
    require_ok(wait(), "profile");
    replayed.push_back(replay.microseconds());
  }
  std::ranges::sort(replayed);
  profile.replayed_microseconds = replayed[replayed.size() / 2];
  // Not before: a run may cut the program anew.
  if (!profiler_) profiler_ = std::make_unique<VulkanProfiler>(*launches_, *memory_, pool_);
  const Stopwatch clock;
  for (uint32_t i = 0; i < steps; ++i) {
    profiler_->step(profile, clock, steps_->fits_a_submission());
    ++total_steps_;
  }
  return profile;
}

Location VulkanProgram::kept_location(Value value, const char* who) const {
  // What belongs to the state is the same in every graph on it.
  if (value && value.graph().state() == memory_->state().layout() && value.graph().info(value).entry >= 0)
    return persistent_location(value.graph(), value.id());
  const int id = id_in(plan_.identity, value, who);
  const bool planned = static_cast<size_t>(id) < plan_.locations.size();  // the graph may have grown since
  const Location where = planned ? plan_.location_of(value) : Location{};
  const bool kept =
      where.arena.kind != ArenaKind::activations || (planned && std::ranges::any_of(plan_.needs.targets, [&](int t) {
                                                       return plan_.graph.storage_of(t) == plan_.graph.storage_of(id);
                                                     }));
  require(kept, ErrorCode::not_found, who, ": value %", id, ' ', value.desc(), " is not a target of the program");
  return where;
}

vulkan::BufferRange VulkanProgram::range_of(Value value) {
  const Location where = kept_location(value, "export");
  if (where.arena.kind != ArenaKind::activations) return memory_->range(where);
  return {activations_.handle(), where.offset, where.bytes};
}

void VulkanProgram::read(Value value, std::span<std::byte> bytes) {
  const Location where = kept_location(value, "read");
  const TensorDesc& desc = value.desc();
  require(bytes.size() == desc.bytes(), ErrorCode::shape_mismatch, "read: ", bytes.size(), " bytes for ", desc);
  if (bytes.empty()) return;
  if (where.arena.kind != ArenaKind::activations) return memory_->read(where, bytes);
  require_ok(memory_->staging().download(activations_, where.offset, bytes), "read");
}

PlanSummary VulkanProgram::summary() const {
  return {plan_.dispatches.size(), plan_.barriers(), plan_.activation_bytes, plan_.cost.bytes, plan_.cost.flops};
}

void VulkanProgram::poison() {
  if (!plan_.activation_bytes) return;
  std::vector<std::byte> pattern(plan_.activation_bytes);
  for (size_t at = 0; at + 4 <= pattern.size(); at += 4) std::memcpy(pattern.data() + at, &kPoison, 4);
  require_ok(memory_->staging().upload(pattern, activations_, 0), "poison");
}

std::vector<std::string> VulkanProgram::damaged_guards() {
  std::vector<std::string> lines;
  if (!plan_.guard_bytes || !plan_.activation_bytes) return lines;
  std::vector<std::byte> bytes(plan_.activation_bytes);
  require_ok(memory_->staging().download(activations_, 0, bytes), "read guards");
  for (const PlannedDispatch& planned : plan_.dispatches)
    for (const Access& access : planned.accesses) {
      // Rows of a loop lie beside each other.
      if (access.path && access.path->stride) continue;
      if (access.where.arena.kind != ArenaKind::activations || !access.writes) continue;
      const uint64_t begin = access.where.offset, end = begin + whole_words(access.where.bytes);
      find_damage(bytes, begin - plan_.guard_bytes, begin, "before " + label_of(plan_, planned), lines);
      find_damage(bytes, end, std::min<uint64_t>(end + plan_.guard_bytes, bytes.size()),
                  "after " + label_of(plan_, planned), lines);
    }
  return lines;
}

}  // namespace lemnos
