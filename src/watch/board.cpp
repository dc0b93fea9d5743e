#include "watch/board.h"

#include <utility>

namespace lemnos::watch {

namespace {
constexpr std::chrono::seconds kWatching{3};  // background tabs ask once a second
}

void Board::add(std::span<const StepMetrics> steps) {
  const std::lock_guard lock(mutex_);
  curve_.add(steps);
  steps_version_ = ++version_;
}

void Board::set(const Standing& standing) {
  const std::lock_guard lock(mutex_);
  standing_ = standing;
}

void Board::set_part(const std::string& name, std::string json) {
  const std::lock_guard lock(mutex_);
  parts_[name] = {++version_, std::move(json)};
}

bool Board::has_part(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  return parts_.contains(name);
}

Wishes Board::take_wishes() {
  const std::lock_guard lock(mutex_);
  return std::exchange(wishes_, {});
}

void Board::rest() {
  std::unique_lock lock(mutex_);
  asked_.wait_for(lock, std::chrono::milliseconds(100));
}

bool Board::is_watched() const {
  const std::lock_guard lock(mutex_);
  return last_request_ != Clock::time_point() && Clock::now() - last_request_ < kWatching;
}

void Board::farewell() {
  std::unique_lock lock(mutex_);
  asked_.wait_for(lock, kWatching, [&] { return end_told_; });
}

void Board::visited() {
  const std::lock_guard lock(mutex_);
  last_request_ = Clock::now();
}

void Board::pause(bool on) {
  paused_ = on;
  asked_.notify_all();
}

void Board::stop() {
  const std::lock_guard lock(mutex_);
  wishes_.stop = true;
  asked_.notify_all();
}

void Board::measure() {
  const std::lock_guard lock(mutex_);
  wishes_.measure = true;
  asked_.notify_all();
}

void Board::change_rate(double factor) {
  const std::lock_guard lock(mutex_);
  wishes_.rate_factor *= factor;
  asked_.notify_all();
}

void Board::write_standing(Json& json) const {
  const Progress& p = standing_.progress;
  json.key("run").open('{');
  json.field("epoch", p.epoch).field("epochs", p.epochs).field("epoch_step", p.step).field("epoch_steps", p.steps);
  json.field("step", standing_.step).field("loss", p.so_far.loss).field("rate_factor", standing_.rate_factor);
  json.field("samples_per_second", standing_.samples_per_second).field("elapsed", standing_.elapsed);
  json.field("left", standing_.left).field("memory", standing_.memory);
  json.field("paused", paused_.load()).field("ended", standing_.ended).close('}');
}

std::string Board::state(uint64_t seen) {
  const std::lock_guard lock(mutex_);
  if (!standing_.ended.empty()) {
    end_told_ = true;
    asked_.notify_all();
  }
  Json json;
  json.open('{').field("now", version_);
  write_standing(json);
  if (steps_version_ > seen) {
    json.key("steps");
    curve_.write(json);
  }
  for (const auto& [name, part] : parts_)
    if (part.version > seen) json.key(name).raw(part.json);
  return json.close('}').take();
}

}  // namespace lemnos::watch
