#include "runtime/vulkan_clock.h"

#include <algorithm>

#include "runtime/vulkan_memory.h"

namespace lemnos {

namespace {
// Longer than any batch: what a torn pair of timestamps looks like.
constexpr double kAbsurd = 1e8;
}  // namespace

VulkanClock::VulkanClock(vulkan::Timeline& timeline, vulkan::CommandPool& pool) {
  const std::shared_ptr<vulkan::Context>& context = timeline.context();
  if (context->caps().timestamp_period <= 0) return;
  timestamps_.emplace(context, 2 * kSlots);
  for (uint32_t i = 0; i < kSlots; ++i) {
    slots_[i].before = vulkan::recorded(pool, [&](vulkan::Recorder& r) { record_before(r, i); });
    slots_[i].after = vulkan::recorded(pool, [&](vulkan::Recorder& r) { record_after(r, i); });
  }
  const VkCommandBuffer reset =
      vulkan::recorded(pool, [&](vulkan::Recorder& r) { r.reset_timestamps(*timestamps_, 0, 2 * kSlots); });
  require_ok(timeline.submit({&reset, 1}).status, "timestamps");
  require_ok(timeline.finish(), "timestamps");
}

uint32_t VulkanClock::open(bool foreign) {
  uint32_t best = kNone;
  for (uint32_t i = 0; i < kSlots; ++i) {
    Slot& slot = slots_[i];
    if (slot.state == State::unused) {
      best = i;
      break;
    }
    if (foreign && slot.state == State::foreign && (best == kNone || slot.order < slots_[best].order)) best = i;
  }
  if (best != kNone) slots_[best].state = State::opened;
  return best;
}

void VulkanClock::record_before(vulkan::Recorder& recorder, uint32_t slot) const {
  if (!timestamps_) return;
  recorder.reset_timestamps(*timestamps_, 2 * slot, 2);
  recorder.timestamp(*timestamps_, 2 * slot);
}

void VulkanClock::record_after(vulkan::Recorder& recorder, uint32_t slot) const {
  if (timestamps_) recorder.timestamp(*timestamps_, 2 * slot + 1);
}

void VulkanClock::sent(uint32_t index, size_t first, size_t count, uint64_t value) {
  Slot& slot = slots_[index];
  slot.state = value ? State::own : State::foreign;
  slot.first = first;
  slot.count = count;
  slot.value = value;
  slot.order = ++orders_;
  slot.sent = {};
  // Without timestamps nothing can be known of what the application submits.
  if (!timestamps_ && !value) slot.state = State::unused;
}

bool VulkanClock::read(Slot& slot, uint32_t index, double& microseconds) const {
  if (!timestamps_) {
    microseconds = slot.sent.microseconds();
    return true;
  }
  uint64_t ticks[2] = {};
  if (timestamps_->read(2 * index, ticks) != Status::ok) return false;
  if (slot.state == State::foreign && ticks[0] == slot.last_begin) return false;
  slot.last_begin = ticks[0];
  microseconds = timestamps_->nanoseconds(ticks[0], ticks[1]) / 1000;
  return true;
}

void VulkanClock::poll(vulkan::Timeline& timeline, Pace& pace) {
  const bool waiting = std::ranges::any_of(slots_, [](const Slot& s) { return s.state == State::own; });
  const uint64_t completed = waiting ? timeline.completed() : 0;
  for (uint32_t i = 0; i < kSlots; ++i) {
    Slot& slot = slots_[i];
    const bool own = slot.state == State::own && slot.value <= completed;
    if (!own && slot.state != State::foreign) continue;
    double microseconds = 0;
    if (!read(slot, i, microseconds)) {
      if (own) slot.state = State::unused;  // completed and unreadable: the measurement is lost, not the slot
      continue;
    }
    slot.state = State::unused;
    if (microseconds >= kAbsurd) continue;
    pace.measured(slot.first, slot.count, microseconds);
    std::atomic<double>& longest = timeline.context()->counters().longest_submission_ms;
    if (own && microseconds / 1000 > longest) longest = microseconds / 1000;
  }
}

uint32_t VulkanClock::unused() const {
  return static_cast<uint32_t>(std::ranges::count(slots_, State::unused, &Slot::state));
}

}  // namespace lemnos
