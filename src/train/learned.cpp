#include "train/learned.h"

#include <algorithm>

#include "base/text.h"
#include "lemnos/ops.h"

namespace lemnos::train {

Learned::Learned(const Device& device, uint64_t seed)
    : session_(device.open(state_)),
      graph_(std::make_unique<Graph>(state_)),
      step_(lemnos::step_state(*graph_, seed)) {}

Graph& Learned::graph() {
  for (const auto& [id, entry] : state_->entries()) (void)graph_->find(entry.name);
  return *graph_;
}

std::vector<CheckpointEntry> Learned::entries() {
  Graph& all = graph();
  std::vector<CheckpointEntry> found;
  const auto add = [&](const StateEntry& entry, const std::string& name) {
    found.push_back({name, all.find(entry.name), entry.desc, 0, entry.purpose});
  };
  for (const auto& [id, entry] : state_->entries())
    if (entry.purpose == Purpose::parameter) add(entry, entry.name);
  for (const auto& [id, entry] : state_->entries())
    if (entry.arena.kind == ArenaKind::variable)  // running statistics are a model's own, and have PyTorch's names
      add(entry, entry.purpose == Purpose::statistic ? entry.name : "state/" + entry.name);
  for (const auto& [id, slot] : state_->entries()) {
    if (slot.arena.kind != ArenaKind::slot) continue;
    for (const auto& [other, p] : state_->entries())
      if (p.purpose == Purpose::parameter)
        found.push_back({"optimizer." + slot.name + "/" + p.name, all.find(slot.name), p.desc,
                         static_cast<size_t>(p.offset) * sizeof(float), slot.purpose});
  }
  return found;
}

Snapshot Learned::snapshot(Snapshot::Part part) {
  Snapshot made;
  for (const CheckpointEntry& e : entries()) {
    if (part == Snapshot::Part::model && !e.belongs_to_model()) continue;
    std::vector<std::byte> bytes(e.desc.bytes());
    session_->read(e.value, bytes, e.offset);
    made.tensors.push_back({e.name, e.desc, std::move(bytes)});
  }
  return made;
}

void Learned::restore(const Snapshot& snapshot) {
  std::map<std::string, CheckpointEntry> by_name;
  for (CheckpointEntry& e : entries()) by_name.emplace(e.name, std::move(e));
  for (const Snapshot::Tensor& tensor : snapshot.tensors) {
    const auto found = by_name.find(tensor.name);
    require(found != by_name.end(), ErrorCode::not_found, "restore: the trainer has no '", tensor.name, "' ",
            tensor.desc);
    require(found->second.desc == tensor.desc && tensor.bytes.size() == tensor.desc.bytes(), ErrorCode::shape_mismatch,
            "restore: '", tensor.name, "' is ", tensor.desc, " in the snapshot, in ", tensor.bytes.size(),
            " bytes, and ", found->second.desc, " in the trainer");
  }
  for (const Snapshot::Tensor& tensor : snapshot.tensors) {
    const CheckpointEntry& e = by_name.at(tensor.name);
    session_->write(e.value, tensor.bytes, e.offset);
  }
}

Value Learned::clock_state(int clock) {
  return clock == 0 ? step_ : lemnos::step_state(*graph_, 0, "step_state." + clock_name(clock));
}

ops::StepWords Learned::words(int clock) {
  ops::StepWords found;
  session_->read(clock_state(clock), found.bytes());
  return found;
}

void Learned::set_words(ops::StepWords words, int clock) { session_->write(clock_state(clock), words.bytes()); }

std::map<int, std::vector<std::string>> Learned::clocks_of(const std::vector<std::string>& parameters) {
  const bool first = clock_of_.empty();
  bool begun = false;
  std::map<int, std::vector<std::string>> by_clock;
  for (const std::string& name : parameters) {
    const auto known = clock_of_.find(name);
    if (known == clock_of_.end()) begun = true;
    const int clock = known != clock_of_.end() ? known->second : first ? 0 : clocks_;
    clock_of_.emplace(name, clock);
    by_clock[clock].push_back(name);
  }
  if (!begun || first) return by_clock;
  ops::StepWords words = this->words();
  words.forget_updates();
  (void)state_->add_variable("step_state." + clock_name(clocks_++), step_.desc(), Purpose::step, words.bytes());
  return by_clock;
}

void Learned::set_clocks(std::map<std::string, int> clock_of) {
  clock_of_ = std::move(clock_of);
  for (const auto& [name, clock] : clock_of_) clocks_ = std::max(clocks_, clock + 1);
  for (int clock = 1; clock < clocks_; ++clock) (void)clock_state(clock);
}

Learned::Attempt::~Attempt() {
  if (kept_) return;
  of_.state_->rollback(mark_);
  of_.clocks_ = clocks_;
  of_.clock_of_ = std::move(clock_of_);
}

}  // namespace lemnos::train
