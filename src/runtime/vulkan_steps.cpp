#include "runtime/vulkan_steps.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <string>
#include <string_view>

namespace lemnos {

namespace {

// Of submissions that take a small part of the bound, only so many are timed: timestamps cost the device a little.
constexpr uint32_t kTimedEvery = 32;

// Without an allocation: "12 steps of 7 launches: ..". Valid until the thread asks again.
std::string_view said_of(size_t count, const char* of, const std::string& name) {
  static thread_local std::array<char, vulkan::SubmissionLog::kLongest> said;
  if (!*of) return name;
  char* const end = said.data() + said.size();
  char* at = std::to_chars(said.data(), end, count).ptr;
  for (const std::string_view part : {std::string_view(" "), std::string_view(of), std::string_view(name)})
    at = std::copy_n(part.data(), std::min(part.size(), static_cast<size_t>(end - at)), at);
  return {said.data(), static_cast<size_t>(at - said.data())};
}

Pace pace_of(const Segments& segments) {
  std::vector<double> guesses;
  for (const Segment& segment : segments.segments) guesses.push_back(segment.microseconds);
  return {guesses, segments.first_update};
}

}  // namespace

VulkanSteps::VulkanSteps(const VulkanLaunches& launches, VulkanMemory& memory, vulkan::CommandPool& pool,
                         uint64_t& total_steps)
    : launches_(launches),
      memory_(memory),
      pool_(pool),
      total_steps_(total_steps),
      pace_(pace_of(launches.segments())),
      clock_(memory.timeline(), pool),
      longest_(1000 * memory.context()->caps().longest_submission_ms) {
  whole_.reserve(kMostStepsPerSubmit + 2);
  for (size_t i = 0; i < pace_.segments(); ++i) {
    segments_.push_back(vulkan::recorded(pool, [&](vulkan::Recorder& r) { launches_.record_segment(r, i, false); }));
    names_.push_back(launches_.describe(i));
  }
  step_name_ = launches_.describe();
}

// What the device has not finished of earlier calls.
double VulkanSteps::outstanding() {
  const uint64_t completed = memory_.timeline().completed();
  double total = 0;
  for (InFlight& entry : in_flight_) {
    if (entry.value <= completed) entry = {};
    total += entry.microseconds;
  }
  return total;
}

// `apart`: there are slots to measure a segment by itself while its cost is not known.
VulkanSteps::Batch VulkanSteps::take(const Budget& budget, Advanced& now, bool apart) {
  Batch batch{.first = pace_.cursor()};
  double bound = 0;  // of what the batch may take
  while (batch.count < kMostSegmentsPerSubmit && pace_.may_take()) {
    if (budget.steps && now.steps >= budget.steps) break;
    const bool unknown = apart && pace_.learning(pace_.cursor());
    if (unknown && batch.count > 0) break;
    bound += pace_.next_cost() * (pace_.measured(pace_.cursor()) ? 1 : kDistrust);
    if (batch.count > 0 && bound > longest_) break;
    batch.microseconds += pace_.next_cost();
    ++batch.count;
    if (pace_.take()) {
      ++now.steps;
      batch.publish_after = batch.count;
    }
    if (unknown) break;
  }
  now.segments += static_cast<uint32_t>(batch.count);
  now.microseconds += batch.microseconds;
  return batch;
}

Status VulkanSteps::send(const Batch& batch, std::span<const vulkan::SemaphorePoint> waits, uint32_t slot) {
  std::array<VkCommandBuffer, kMostSegmentsPerSubmit + 3> list{};
  size_t count = 0;
  const bool timed = slot != VulkanClock::kNone;
  if (timed && clock_.before(slot)) list[count++] = clock_.before(slot);
  for (size_t i = 0; i < batch.count; ++i) {
    list[count++] = segments_[(batch.first + i) % segments_.size()];
    if (publication_ && i + 1 == batch.publish_after) list[count++] = publication_->commands();
  }
  if (timed && clock_.after(slot)) list[count++] = clock_.after(slot);
  const vulkan::Submission sent =
      memory_.timeline().submit(std::span(list).first(count), waits, {},
                                said_of(batch.count, batch.count > 1 ? "segments, from " : "", names_[batch.first]));
  if (sent.status != Status::ok) {
    if (timed) clock_.close(slot);
    pace_.rewind(batch.first);
    return sent.status;
  }
  if (timed) clock_.sent(slot, batch.first, batch.count, sent.value);
  for (size_t i = 0; i < batch.count; ++i) total_steps_ += (batch.first + i + 1) % segments_.size() == 0;
  if (publication_ && batch.publish_after) publication_->published(total_steps_, sent.value);
  if (const auto free = std::ranges::find(in_flight_, uint64_t{0}, &InFlight::value); free != in_flight_.end())
    *free = {sent.value, batch.microseconds};
  return Status::ok;
}

Status VulkanSteps::submit(const Budget& budget, std::span<const vulkan::SemaphorePoint> waits,
                           std::span<const vulkan::SemaphorePoint> signals, Advanced* done) {
  Advanced now;
  clock_.poll(memory_.timeline(), pace_);
  pace_.begin(budget.microseconds, outstanding());
  while (true) {
    const Advanced before = now;
    const uint32_t slot = clock_.open(false);
    const Batch batch = take(budget, now, slot != VulkanClock::kNone);
    if (batch.count == 0) {
      if (slot != VulkanClock::kNone) clock_.close(slot);
      break;
    }
    if (const Status status = send(batch, waits, slot); status != Status::ok) {
      now = before;
      report(now, done);
      return status;
    }
    waits = {};  // what is submitted later comes after them too
  }
  report(now, done);
  if (waits.empty() && signals.empty()) return Status::ok;
  return memory_.timeline().submit({}, waits, signals).status;
}

Status VulkanSteps::finish() {
  if (at_start()) return Status::ok;
  return submit({.microseconds = std::numeric_limits<double>::infinity(), .steps = 1}, {}, {}, nullptr);
}

Status VulkanSteps::run(uint32_t& steps, std::span<const VkCommandBuffer> whole) {
  clock_.poll(memory_.timeline(), pace_);
  const bool known = pace_.known();
  const double cost = pace_.step_bound() * (known ? 1 : kDistrust);
  if (cost > longest_) {
    const Status status =
        submit({.microseconds = std::numeric_limits<double>::infinity(), .steps = 1}, {}, {}, nullptr);
    steps -= status == Status::ok;
    return status;
  }
  const double fitting = std::min(longest_ / std::max(cost, 1e-3), static_cast<double>(whole.size()));
  const uint32_t now = std::min(steps, static_cast<uint32_t>(fitting));
  const bool timed = !known || now * cost > longest_ / kTimedEvery || ++since_timed_ >= kTimedEvery;
  const uint32_t slot = timed ? clock_.open(false) : VulkanClock::kNone;
  whole_.clear();
  if (slot != VulkanClock::kNone && clock_.before(slot)) whole_.push_back(clock_.before(slot));
  whole_.insert(whole_.end(), whole.begin(), whole.begin() + now);
  if (slot != VulkanClock::kNone && clock_.after(slot)) whole_.push_back(clock_.after(slot));
  const vulkan::Submission sent = memory_.timeline().submit(whole_, {}, {}, said_of(now, "steps of ", step_name_));
  if (slot != VulkanClock::kNone) {
    since_timed_ = 0;
    if (sent.status == Status::ok)
      clock_.sent(slot, 0, now * segments_.size(), sent.value);
    else
      clock_.close(slot);
  }
  if (sent.status != Status::ok) return sent.status;
  total_steps_ += now;
  steps -= now;
  return Status::ok;
}

double VulkanSteps::slowness() const {
  const Segments& cut = launches_.segments();
  double worst = 0;
  for (size_t i = 0; i < cut.segments.size(); ++i) {
    const Segment& segment = cut.segments[i];
    if (!pace_.measured(i) || pace_.cost(i) <= longest_) continue;
    if (launches_.can_be_cut(segment)) worst = std::max(worst, pace_.cost(i) / segment.microseconds);
  }
  return worst;
}

void VulkanSteps::record_batch(vulkan::Recorder& recorder, const Batch& batch) {
  for (size_t i = 0; i < batch.count; ++i) {
    const size_t segment = (batch.first + i) % segments_.size();
    launches_.record_segment(recorder, segment, true);
    if (segment + 1 == segments_.size()) ++total_steps_;
    if (!publication_ || i + 1 != batch.publish_after) continue;
    publication_->record(recorder);
    publication_->published(total_steps_, 0);
    if (i + 1 < batch.count) recorder.barrier();
  }
}

void VulkanSteps::record(VkCommandBuffer commands, const Budget& budget, const CommandScope& before,
                         const CommandScope& after, Advanced* done) {
  using vulkan::Recorder;
  Advanced now;
  clock_.poll(memory_.timeline(), pace_);
  pace_.begin(budget.microseconds, 0);
  memory_.used_by_foreign_commands();
  Recorder recorder(*memory_.context(), commands);
  recorder.memory_barrier(Recorder::kOurStages | before.stages, Recorder::kOurWrites | before.accesses,
                          Recorder::kOurStages, Recorder::kOurAccesses);
  while (true) {
    const uint32_t slot = clock_.open(true);
    const Batch batch = take(budget, now, clock_.unused() > 0);
    if (batch.count == 0) {
      if (slot != VulkanClock::kNone) clock_.close(slot);
      break;
    }
    if (slot != VulkanClock::kNone) clock_.record_before(recorder, slot);
    record_batch(recorder, batch);
    if (slot == VulkanClock::kNone) continue;
    clock_.record_after(recorder, slot);
    clock_.sent(slot, batch.first, batch.count, 0);
  }
  if (after.stages) recorder.memory_barrier(Recorder::kOurStages, Recorder::kOurWrites, after.stages, after.accesses);
  report(now, done);
}

void VulkanSteps::report(Advanced& now, Advanced* done) const {
  now.step_done = pace_.step_done();
  now.total_steps = total_steps_;
  if (done) *done = now;
}

void VulkanSteps::publish_to(uint32_t copies) {
  auto made = std::make_unique<VulkanPublication>(memory_, pool_, copies);
  if (publication_) (void)memory_.finish();  // the copies of before may still be written
  publication_ = std::move(made);
}

Status VulkanSteps::publish() {
  if (!publication_) return Status::ok;
  const VkCommandBuffer commands = publication_->commands();
  const vulkan::Submission sent = memory_.timeline().submit({&commands, 1});
  if (sent.status == Status::ok) publication_->published(total_steps_, sent.value);
  return sent.status;
}

}  // namespace lemnos
