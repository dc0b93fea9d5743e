// Steps in segments: handed to the queue as far as a budget goes, or written into an application's command buffer.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lemnos/session.h"
#include "runtime/vulkan_clock.h"
#include "runtime/vulkan_launches.h"
#include "runtime/vulkan_publication.h"

namespace lemnos {

/// What an application's commands do on the other side of a barrier.
struct CommandScope {
  VkPipelineStageFlags2 stages = 0;
  VkAccessFlags2 accesses = 0;
};

/// One thread at a time. After the constructor and publish(copies) nothing allocates, throws or makes a pipeline.
class VulkanSteps {
 public:
  static constexpr uint32_t kMostStepsPerSubmit = 64;
  /// A device may be so many times slower than the guess, and what is not measured stays within the bound all the same.
  static constexpr double kDistrust = 1000;

  /// Everything outlives this. `total_steps` is counted up by each step that is handed over.
  VulkanSteps(const VulkanLaunches& launches, VulkanMemory& memory, vulkan::CommandPool& pool, uint64_t& total_steps);

  bool at_start() const { return pace_.at_start(); }
  void cancel() { pace_.drop(); }
  double step_microseconds() const { return pace_.step_cost(); }

  Status advance(const Budget& budget, Advanced* done) { return submit(budget, {}, {}, done); }
  /// As advance(), after `waits` and before `signals`, which are signalled even when no segment fits.
  Status submit(const Budget& budget, std::span<const vulkan::SemaphorePoint> waits,
                std::span<const vulkan::SemaphorePoint> signals, Advanced* done);
  /// Appends to a command buffer in the recording state, outside a render pass. `before`: what of the application's
  /// earlier commands must have happened first; `after`: what follows, when the barrier is to be put here.
  void record(VkCommandBuffer commands, const Budget& budget, const CommandScope& before, const CommandScope& after,
              Advanced* done);
  /// Hands over the rest of the step under way.
  Status finish();
  /// Hands over some of so many whole steps, none under way, and counts them down: as many as one submission may hold
  /// of `whole`, the command buffer of a step, or one step in several where it takes longer than the bound or may.
  /// Nothing waits: what has not been measured yet stays within the bound even where the guess is wrong by kDistrust.
  Status run(uint32_t& steps, std::span<const VkCommandBuffer> whole);
  /// How many times the guess the slowest segment takes, where one that can be cut takes longer than the bound; else 0.
  double slowness() const;
  /// Whether a whole step was measured, and is within the bound.
  bool fits_a_submission() const { return pace_.known() && pace_.step_bound() <= longest_; }

  /// From now on the end of a step is followed by a copy of the parameters. Throws what allocating throws.
  void publish_to(uint32_t copies);
  const VulkanPublication* publication() const { return publication_.get(); }
  /// Copies what run() has trained.
  Status publish();

 private:
  struct Batch {
    size_t first = 0, count = 0;
    size_t publish_after = 0;  // so many of its segments; 0: no step ends in it
    double microseconds = 0;
  };
  static constexpr size_t kMostSegmentsPerSubmit = 56;
  static constexpr size_t kMostInFlight = 64;

  Batch take(const Budget& budget, Advanced& now, bool apart);
  Status send(const Batch& batch, std::span<const vulkan::SemaphorePoint> waits, uint32_t slot);
  void record_batch(vulkan::Recorder& recorder, const Batch& batch);
  double outstanding();
  void report(Advanced& now, Advanced* done) const;

  const VulkanLaunches& launches_;
  VulkanMemory& memory_;
  vulkan::CommandPool& pool_;
  uint64_t& total_steps_;
  Pace pace_;
  VulkanClock clock_;
  std::vector<VkCommandBuffer> segments_;
  std::vector<std::string> names_;  // of what the segments run
  std::string step_name_;
  double longest_;                      // microseconds of a submission
  uint32_t since_timed_ = 0;            // submissions of whole steps
  std::vector<VkCommandBuffer> whole_;  // of a submission, with its timestamps
  std::unique_ptr<VulkanPublication> publication_;
  struct InFlight {
    uint64_t value = 0;
    double microseconds = 0;
  };
  std::array<InFlight, kMostInFlight> in_flight_{};  // a value of 0 marks an unused entry
};

}  // namespace lemnos
