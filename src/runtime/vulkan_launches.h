// The launches of a plan in Vulkan's terms: pipelines and descriptor sets, ready to be recorded whole or in segments,
// into a command buffer of ours or of an application's.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "plan/segments.h"
#include "runtime/vulkan_memory.h"
#include "vulkan/descriptors.h"
#include "vulkan/recorder.h"

namespace lemnos {

/// Recording allocates nothing and throws nothing: what could be refused was refused when this was made.
class VulkanLaunches {
 public:
  /// `plan` and `memory` outlive the launches. `segment_microseconds` as in CompileOptions, `slowness` as in
  /// cut_segments().
  VulkanLaunches(const Plan& plan, VulkanMemory& memory, const vulkan::Buffer& activations, double segment_microseconds,
                 double slowness = 1);

  const Segments& segments() const { return segments_; }
  /// Begins with a barrier after the step before, and after uploads.
  void record_step(vulkan::Recorder& recorder) const;
  /// The launches of a step, in order.
  const std::vector<Launch>& launches() const { return launches_; }
  /// A segment of the step, every launch kept apart from the next by a barrier; timestamp i is written before launch i,
  /// and one more at the end of the step.
  void record_timed(vulkan::Recorder& recorder, size_t segment, const vulkan::Timestamps& timestamps) const;
  /// Whether it would be shorter with another cut: it holds several launches, or one of several workgroups.
  bool can_be_cut(const Segment& segment) const;
  /// "segment 2 of 7: matmul f32[64, 784], relu f32[64, 128]": for the report on a lost device.
  std::string describe(size_t segment) const;
  /// "7 launches: ..", of a whole step.
  std::string describe() const;
  /// `ordered`: the caller has put a barrier before it, or the segment before it in the same command buffer.
  void record_segment(vulkan::Recorder& recorder, size_t segment, bool ordered) const;

 private:
  struct Prepared {
    const vulkan::Pipeline* pipeline;
    std::vector<VkDescriptorSet> sets;  // by iteration, or one for all
    std::string label;                  // empty: the device shows none
    vulkan::BufferRange counts = {};    // of workgroups; no buffer: they are the dispatch's

    VkDescriptorSet set(int64_t iteration) const {
      return sets.size() == 1 ? sets[0] : sets[static_cast<size_t>(iteration)];
    }
  };
  void prepare_sets(const vulkan::Buffer& activations, VulkanMemory& memory);
  std::vector<const vulkan::Pipeline*> make_pipelines() const;
  void record_part(vulkan::Recorder& recorder, const Part& part) const;
  Part whole(const Launch& launch) const;
  std::string names_of(size_t first, size_t count) const;
  static bool begins(const Part& part) { return part.base == std::array<uint32_t, 3>{}; }  // a launch

  const Plan& plan_;
  vulkan::Context& context_;
  Segments segments_;
  std::unique_ptr<vulkan::DescriptorPool> descriptors_;
  std::vector<Prepared> prepared_;  // by dispatch
  std::vector<Launch> launches_;    // of a step
  bool indirect_ = false;           // some launches read their number of workgroups
};

}  // namespace lemnos
