#include "runtime/vulkan_launches.h"

#include <algorithm>
#include <map>
#include <span>

#include "base/text.h"

namespace lemnos {

namespace {

constexpr size_t kLongestNames = 120;

double segment_target(double wanted, const DeviceCaps& caps) {
  if (wanted > 0) return wanted;
  return caps.software ? 2000 : 200;
}

}  // namespace

VulkanLaunches::VulkanLaunches(const Plan& plan, VulkanMemory& memory, const vulkan::Buffer& activations,
                               double segment_microseconds, double slowness)
    : plan_(plan),
      context_(*memory.context()),
      segments_(cut_segments(plan, context_.caps(), segment_target(segment_microseconds, context_.caps()), slowness)) {
  if (plan_.dispatches.empty()) return;
  launches_ = plan_.launches();
  const std::vector<const vulkan::Pipeline*> pipelines = make_pipelines();
  for (size_t i = 0; i < plan_.dispatches.size(); ++i)
    prepared_.push_back({pipelines[i], {}, context_.has_debug_labels() ? label_of(plan_, plan_.dispatches[i]) : ""});
  for (size_t i = 0; i < plan_.dispatches.size(); ++i) {
    if (!plan_.dispatches[i].indirect()) continue;
    prepared_[i].counts = memory.range(plan_.dispatches[i].accesses.back().where, activations);
    indirect_ = true;
  }
  prepare_sets(activations, memory);
}

// A set for each iteration of a loop that moves on, the same one for iterations that bind the same.
void VulkanLaunches::prepare_sets(const vulkan::Buffer& activations, VulkanMemory& memory) {
  std::vector<std::vector<size_t>> sets_of(plan_.dispatches.size());        // by iteration, or one for all
  std::vector<std::pair<size_t, std::vector<vulkan::BufferRange>>> wanted;  // sets to make: whose, and what they bind
  uint32_t bindings = 0;
  for (size_t i = 0; i < plan_.dispatches.size(); ++i) {
    const PlannedDispatch& planned = plan_.dispatches[i];
    const bool moves = std::ranges::any_of(planned.accesses, [](const Access& a) { return a.path != nullptr; });
    const int64_t times = moves ? plan_.loops[static_cast<size_t>(planned.loop)].times : 1;
    std::map<std::vector<vulkan::BufferRange>, size_t> known;
    for (int64_t k = 0; k < times; ++k) {
      std::vector<vulkan::BufferRange> ranges;
      for (size_t b = 0; b < planned.dispatch.tensors.size(); ++b)
        ranges.push_back(memory.range(planned.accesses[b].at(k, times), activations));
      const auto [found, fresh] = known.try_emplace(ranges, wanted.size());
      sets_of[i].push_back(found->second);
      if (!fresh) continue;
      bindings += static_cast<uint32_t>(ranges.size());
      wanted.emplace_back(i, std::move(ranges));
    }
  }
  descriptors_ =
      std::make_unique<vulkan::DescriptorPool>(memory.context(), static_cast<uint32_t>(wanted.size()), bindings);
  std::vector<VkDescriptorSet> sets;
  for (const auto& [dispatch, ranges] : wanted)
    sets.push_back(descriptors_->create(*prepared_[dispatch].pipeline, ranges));
  for (size_t i = 0; i < sets_of.size(); ++i)
    for (size_t set : sets_of[i]) prepared_[i].sets.push_back(sets[set]);
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

Part VulkanLaunches::whole(const Launch& launch) const {
  const Dispatch& dispatch = plan_.dispatches[static_cast<size_t>(launch.dispatch)].dispatch;
  return {.dispatch = launch.dispatch,
          .count = split_groups(dispatch.groups, context_.caps().max_workgroup_count),
          .iteration = launch.iteration};
}

void VulkanLaunches::record_part(vulkan::Recorder& recorder, const Part& part) const {
  const auto at = static_cast<size_t>(part.dispatch);
  const Prepared& launch = prepared_[at];
  const VkDescriptorSet set = launch.set(part.iteration);
  const auto push = std::as_bytes(plan_.dispatches[at].dispatch.params.span());
  if (!launch.label.empty()) recorder.begin_label(launch.label);
  if (launch.counts.buffer)
    recorder.dispatch_indirect(*launch.pipeline, set, push, launch.counts);
  else if (part.whole)
    recorder.dispatch(*launch.pipeline, set, push, part.count);
  else
    recorder.dispatch_part(*launch.pipeline, set, push, part.base, part.count);
  if (!launch.label.empty()) recorder.end_label();
}

void VulkanLaunches::record_step(vulkan::Recorder& recorder) const {
  recorder.barrier(indirect_);
  for (const Launch& launch : launches_) {
    if (plan_.dispatches[static_cast<size_t>(launch.dispatch)].barrier_before) recorder.barrier(indirect_);
    record_part(recorder, whole(launch));
  }
}

void VulkanLaunches::record_timed(vulkan::Recorder& recorder, size_t index,
                                  const vulkan::Timestamps& timestamps) const {
  const Segment& segment = segments_.segments[index];
  const std::span<const Part> parts = segments_.parts;
  auto launch = static_cast<uint32_t>(std::ranges::count_if(parts.first(static_cast<size_t>(segment.first)), begins));
  if (index == 0) recorder.reset_timestamps(timestamps, 0, timestamps.count());
  for (const Part& part : parts.subspan(static_cast<size_t>(segment.first), static_cast<size_t>(segment.count))) {
    if (begins(part)) {
      recorder.barrier(indirect_);
      recorder.timestamp(timestamps, launch++);
    }
    record_part(recorder, part);
  }
  if (index + 1 < segments_.segments.size()) return;
  recorder.barrier(indirect_);
  recorder.timestamp(timestamps, launch);
}

bool VulkanLaunches::can_be_cut(const Segment& segment) const {
  const Part& part = segments_.parts[static_cast<size_t>(segment.first)];
  const bool several = std::ranges::any_of(part.count, [](uint32_t count) { return count > 1; });
  return segment.count > 1 || (several && !plan_.dispatches[static_cast<size_t>(part.dispatch)].indirect());
}

// Nodes rather than launches: what several launches of a loop do is said once.
std::string VulkanLaunches::names_of(size_t first, size_t count) const {
  std::string names, last;
  for (const Part& part : std::span(segments_.parts).subspan(first, count)) {
    const std::string name = label_of(plan_, plan_.dispatches[static_cast<size_t>(part.dispatch)]);
    if (name == last) continue;
    if (names.size() + name.size() > kLongestNames) return names + ", ..";
    names += text(names.empty() ? "" : ", ", name);
    last = name;
  }
  return names;
}

std::string VulkanLaunches::describe(size_t segment) const {
  const Segment& s = segments_.segments[segment];
  return text("segment ", segment + 1, " of ", segments_.segments.size(), ": ",
              names_of(static_cast<size_t>(s.first), static_cast<size_t>(s.count)));
}

std::string VulkanLaunches::describe() const {
  return text(launches_.size(), " launches: ", names_of(0, segments_.parts.size()));
}

void VulkanLaunches::record_segment(vulkan::Recorder& recorder, size_t index, bool ordered) const {
  const Segment& segment = segments_.segments[index];
  for (int i = segment.first; i < segment.first + segment.count; ++i) {
    const Part& part = segments_.parts[static_cast<size_t>(i)];
    const bool hazard = part.dispatch == 0 || plan_.dispatches[static_cast<size_t>(part.dispatch)].barrier_before;
    if ((begins(part) && hazard) || (i == segment.first && !ordered)) recorder.barrier(indirect_);
    record_part(recorder, part);
  }
}

}  // namespace lemnos
