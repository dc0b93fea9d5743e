#include "runtime/vulkan_launches.h"

#include <algorithm>

namespace lemnos {

namespace {

double segment_target(double wanted, const DeviceCaps& caps) {
  if (wanted > 0) return wanted;
  return caps.software ? 2000 : 200;
}

}  // namespace

VulkanLaunches::VulkanLaunches(const Plan& plan, VulkanMemory& memory, const vulkan::Buffer& activations,
                               double segment_microseconds)
    : plan_(plan),
      context_(*memory.context()),
      segments_(cut_segments(plan, context_.caps(), segment_target(segment_microseconds, context_.caps()))) {
  if (plan_.dispatches.empty()) return;
  const std::vector<const vulkan::Pipeline*> pipelines = make_pipelines();
  uint32_t bindings = 0;
  for (const PlannedDispatch& planned : plan_.dispatches) bindings += static_cast<uint32_t>(planned.accesses.size());
  descriptors_ = std::make_unique<vulkan::DescriptorPool>(memory.context(),
                                                          static_cast<uint32_t>(plan_.dispatches.size()), bindings);
  for (size_t i = 0; i < plan_.dispatches.size(); ++i) {
    const PlannedDispatch& planned = plan_.dispatches[i];
    std::vector<vulkan::BufferRange> ranges;
    for (const Access& access : planned.accesses) {
      const Location& where = access.where;
      const bool own = where.arena.kind == ArenaKind::activations;
      ranges.push_back(own ? vulkan::BufferRange{activations.handle(), where.offset,
                                                 std::max<uint64_t>((where.bytes + 3) / 4 * 4, 4)}
                           : memory.range(where));
    }
    launches_.push_back({pipelines[i], descriptors_->create(*pipelines[i], ranges),
                         context_.has_debug_labels() ? label_of(plan_, planned) : std::string()});
  }
}

std::vector<const vulkan::Pipeline*> VulkanLaunches::make_pipelines() const {
  std::vector<bool> split(plan_.dispatches.size(), false);
  for (const Part& part : segments_.parts)
    if (!part.whole) split[static_cast<size_t>(part.dispatch)] = true;
  std::vector<vulkan::PipelineDesc> descs;
  for (size_t i = 0; i < plan_.dispatches.size(); ++i) {
    const Dispatch& d = plan_.dispatches[i].dispatch;
    descs.push_back({.name = d.kernel->name,
                     .spirv = d.kernel->spirv,
                     .bindings = static_cast<uint32_t>(d.tensors.size()),
                     .push_bytes = static_cast<uint32_t>(d.params.bytes()),
                     .spec = d.spec.span(),
                     .required_subgroup_size = d.subgroup_size,
                     .splittable = split[i]});
  }
  context_.prepare(descs);
  std::vector<const vulkan::Pipeline*> pipelines;
  for (const vulkan::PipelineDesc& desc : descs) pipelines.push_back(&context_.pipeline(desc));
  return pipelines;
}

std::array<uint32_t, 3> VulkanLaunches::groups_of(size_t dispatch) const {
  return split_groups(plan_.dispatches[dispatch].dispatch.groups, context_.caps().max_workgroup_count);
}

void VulkanLaunches::record_part(vulkan::Recorder& recorder, const Part& part) const {
  const auto at = static_cast<size_t>(part.dispatch);
  const Launch& launch = launches_[at];
  const auto push = std::as_bytes(plan_.dispatches[at].dispatch.params.span());
  if (!launch.label.empty()) recorder.begin_label(launch.label);
  if (part.whole)
    recorder.dispatch(*launch.pipeline, launch.set, push, part.count);
  else
    recorder.dispatch_part(*launch.pipeline, launch.set, push, part.base, part.count);
  if (!launch.label.empty()) recorder.end_label();
}

void VulkanLaunches::record_step(vulkan::Recorder& recorder) const {
  recorder.barrier();
  for (size_t i = 0; i < plan_.dispatches.size(); ++i) {
    if (plan_.dispatches[i].barrier_before) recorder.barrier();
    record_part(recorder, {.dispatch = static_cast<int>(i), .count = groups_of(i)});
  }
}

void VulkanLaunches::record_timed(vulkan::Recorder& recorder, const vulkan::Timestamps& timestamps) const {
  recorder.reset_timestamps(timestamps, 0, timestamps.count());
  recorder.barrier();
  recorder.timestamp(timestamps, 0);
  for (uint32_t i = 0; i < plan_.dispatches.size(); ++i) {
    record_part(recorder, {.dispatch = static_cast<int>(i), .count = groups_of(i)});
    recorder.barrier();
    recorder.timestamp(timestamps, i + 1);
  }
}

void VulkanLaunches::record_segment(vulkan::Recorder& recorder, size_t index, bool ordered) const {
  const Segment& segment = segments_.segments[index];
  for (int i = segment.first; i < segment.first + segment.count; ++i) {
    const Part& part = segments_.parts[static_cast<size_t>(i)];
    const bool begins = part.base == std::array<uint32_t, 3>{};
    const bool hazard = part.dispatch == 0 || plan_.dispatches[static_cast<size_t>(part.dispatch)].barrier_before;
    const bool first = i == segment.first;
    if (first ? !ordered || (begins && hazard) : begins && hazard) recorder.barrier();
    record_part(recorder, part);
  }
}

}  // namespace lemnos
