#include "runtime/vulkan_program.h"

#include <algorithm>
#include <cstring>

#include "base/text.h"

namespace lemnos {

namespace {

constexpr uint32_t kStepsPerSubmit = 64;

// Splits a count of workgroups over the three dimensions: the other half of workgroup_index() in the shaders.
std::array<uint32_t, 3> split_groups(uint64_t groups, uint32_t limit) {
  const auto up = [](uint64_t n, uint64_t d) { return (n + d - 1) / d; };
  if (groups <= limit) return {static_cast<uint32_t>(groups), 1, 1};
  const uint64_t y = std::min<uint64_t>(up(groups, limit), limit);
  const uint64_t z = up(groups, uint64_t{limit} * y);
  const uint64_t x = up(groups, y * z);
  return {static_cast<uint32_t>(x), static_cast<uint32_t>(y), static_cast<uint32_t>(z)};
}

}  // namespace

VulkanProgram::VulkanProgram(Plan plan, std::shared_ptr<VulkanMemory> memory)
    : plan_(std::move(plan)), memory_(std::move(memory)), pool_(memory_->context()) {
  memory_->prepare(plan_);
  if (plan_.activation_bytes)
    activations_ = vulkan::Buffer(memory_->context(), vulkan::Memory::device, plan_.activation_bytes, "activations");
  if (plan_.guard_bytes && plan_.activation_bytes) poison();
  if (!plan_.dispatches.empty()) record(make_pipelines());
}

VulkanProgram::~VulkanProgram() {
  // The command buffer must have completed before its pool goes; a lost device has nothing left to wait for.
  (void)memory_->timeline().wait_all();
}

vulkan::BufferRange VulkanProgram::range(const Location& where) {
  if (where.arena.kind != ArenaKind::activations) return memory_->range(where);
  return {activations_.handle(), where.offset, std::max<uint64_t>((where.bytes + 3) / 4 * 4, 4)};
}

std::vector<const vulkan::Pipeline*> VulkanProgram::make_pipelines() {
  std::vector<vulkan::PipelineDesc> descs;
  for (const PlannedDispatch& planned : plan_.dispatches) {
    const Dispatch& d = planned.dispatch;
    descs.push_back({.name = d.kernel->name,
                     .spirv = d.kernel->spirv,
                     .bindings = static_cast<uint32_t>(d.tensors.size()),
                     .push_bytes = static_cast<uint32_t>(d.params.bytes()),
                     .spec = d.spec.span(),
                     .required_subgroup_size = d.subgroup_size});
  }
  memory_->context()->prepare(descs);
  std::vector<const vulkan::Pipeline*> pipelines;
  for (const vulkan::PipelineDesc& desc : descs) pipelines.push_back(&memory_->context()->pipeline(desc));
  return pipelines;
}

void VulkanProgram::record(std::span<const vulkan::Pipeline* const> pipelines) {
  uint32_t total = 0;
  for (const PlannedDispatch& planned : plan_.dispatches) total += static_cast<uint32_t>(planned.accesses.size());
  descriptors_ = std::make_unique<vulkan::DescriptorPool>(memory_->context(),
                                                          static_cast<uint32_t>(plan_.dispatches.size()), total);
  vulkan::Context& context = *memory_->context();
  commands_ = pool_.create();
  repeated_.assign(kStepsPerSubmit, commands_);
  auto recorder = vulkan::Recorder::begin(context, commands_, vulkan::Reuse::many);
  recorder.barrier();  // after the step before, and after uploads
  for (size_t i = 0; i < plan_.dispatches.size(); ++i) {
    const PlannedDispatch& planned = plan_.dispatches[i];
    std::vector<vulkan::BufferRange> ranges;
    for (const Access& access : planned.accesses) ranges.push_back(range(access.where));
    if (planned.barrier_before) recorder.barrier();
    if (context.has_debug_labels()) recorder.begin_label(label_of(plan_, planned));
    recorder.dispatch(*pipelines[i], descriptors_->create(*pipelines[i], ranges),
                      std::as_bytes(planned.dispatch.params.span()),
                      split_groups(planned.dispatch.groups, context.caps().max_workgroup_count));
    if (context.has_debug_labels()) recorder.end_label();
  }
  recorder.end();
}

Status VulkanProgram::run(uint32_t steps) {
  if (!commands_) return Status::ok;
  while (steps > 0) {
    const uint32_t now = std::min(steps, kStepsPerSubmit);
    const vulkan::Submission done = memory_->timeline().submit(std::span(repeated_).first(now));
    if (done.status != Status::ok) return done.status;
    steps -= now;
  }
  return Status::ok;
}

Status VulkanProgram::wait() { return memory_->timeline().wait_all(); }

void VulkanProgram::read(Value value, std::span<std::byte> bytes) {
  const TensorDesc& desc = plan_.graph.info(value).desc;
  require(bytes.size() == desc.bytes(), ErrorCode::shape_mismatch, "read: ", bytes.size(), " bytes for ", desc);
  const Location where = plan_.location_of(value);
  const bool kept = where.arena.kind != ArenaKind::activations || std::ranges::any_of(plan_.targets, [&](int t) {
                      return plan_.graph.storage_of(t) == plan_.graph.storage_of(value.id());
                    });
  require(kept, ErrorCode::not_found, "read: value %", value.id(), ' ', desc, " is not a target of the program");
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
      if (access.where.arena.kind != ArenaKind::activations || !access.writes) continue;
      const uint64_t begin = access.where.offset, end = begin + std::max<uint64_t>((access.where.bytes + 3) / 4 * 4, 4);
      find_damage(bytes, begin - plan_.guard_bytes, begin, "before " + label_of(plan_, planned), lines);
      find_damage(bytes, end, std::min<uint64_t>(end + plan_.guard_bytes, bytes.size()),
                  "after " + label_of(plan_, planned), lines);
    }
  return lines;
}

}  // namespace lemnos
