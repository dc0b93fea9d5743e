#include "runtime/vulkan_profiler.h"

#include <span>

#include "base/status.h"
#include "base/text.h"

namespace lemnos {

VulkanProfiler::VulkanProfiler(const VulkanLaunches& launches, VulkanMemory& memory, vulkan::CommandPool& pool)
    : launches_(launches),
      memory_(memory),
      timestamps_(memory.context(), static_cast<uint32_t>(launches.launches().size()) + 1) {
  for (size_t i = 0; i < launches.segments().segments.size(); ++i)
    segments_.push_back(vulkan::recorded(pool, [&](vulkan::Recorder& r) { launches.record_timed(r, i, timestamps_); }));
}

void VulkanProfiler::step(Profile& profile, const Stopwatch& clock, bool whole) {
  const double submitting = clock.microseconds();
  const std::span<const VkCommandBuffer> all = segments_;
  for (size_t i = 0; i < all.size(); i += whole ? all.size() : 1)
    require_ok(memory_.timeline().submit(all.subspan(i, whole ? all.size() : 1)).status, "profile");
  const double waiting = clock.microseconds();
  require_ok(memory_.wait_all(), "profile");
  const double done = clock.microseconds();
  profile.host.push_back({"submit", {submitting, waiting}});
  profile.host.push_back({"wait", {waiting, done}});
  std::vector<uint64_t> ticks(timestamps_.count());
  const Status read = timestamps_.read(0, ticks);
  require(read != Status::cancelled, ErrorCode::internal, "profile: ", profile.device,
          " has finished a step without writing its timestamps");
  require_ok(read, "profile: timestamps");
  const auto at = [&](size_t i) { return done - timestamps_.nanoseconds(ticks[i], ticks.back()) / 1e3; };
  const std::vector<Launch>& launches = launches_.launches();
  for (size_t i = 0; i < launches.size(); ++i) {
    std::vector<Interval>& steps = profile.launches[static_cast<size_t>(launches[i].dispatch)].steps;
    if (launches[i].iteration == 0)
      steps.push_back({at(i), at(i + 1)});
    else
      steps.back().end += at(i + 1) - at(i);
  }
}

}  // namespace lemnos
