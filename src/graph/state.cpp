#include "lemnos/state.h"

#include "base/text.h"
#include "graph/initial.h"

namespace lemnos {

const char* to_string(Purpose purpose) {
  constexpr const char* kNames[] = {"parameter", "statistic", "optimizer", "step", "data", "scratch"};
  return kNames[static_cast<size_t>(purpose)];
}

int ModelState::add(StateEntry entry) {
  require(find(entry.name) < 0, ErrorCode::invalid_argument, "state: the name '", entry.name, "' is taken");
  by_name_.emplace(entry.name, next_id_);
  entries_.emplace(next_id_, std::move(entry));
  return next_id_++;
}

int ModelState::find(std::string_view name) const {
  const auto found = by_name_.find(std::string(name));
  return found == by_name_.end() ? -1 : found->second;
}

int ModelState::add_parameter(std::string name, const Shape& shape, std::span<const float> initial) {
  const char* why = fixed_ ? fixed_ : held_.expired() ? nullptr : "a session has allocated its memory";
  require(!why, ErrorCode::invalid_argument, "parameter '", name, "': ", why ? why : "", ", so the parameter arena of ",
          arena_elements_, " elements cannot take ", shape.elements(), " more; make every parameter before that");
  require(static_cast<int64_t>(initial.size()) == shape.elements(), ErrorCode::shape_mismatch, "parameter '", name,
          "': ", initial.size(), " initial values for shape ", shape);
  const int id = add({.name = std::move(name),
                      .desc = {shape, DType::f32},
                      .purpose = Purpose::parameter,
                      .arena = {ArenaKind::parameters, 0},
                      .offset = arena_elements_,
                      .initial = shared_bytes(std::as_bytes(initial))});
  arena_elements_ += (shape.elements() + kArenaAlignment - 1) / kArenaAlignment * kArenaAlignment;
  return id;
}

int ModelState::add_variable(std::string name, TensorDesc desc, Purpose purpose, std::span<const std::byte> initial) {
  require(initial.empty() || initial.size() == desc.bytes(), ErrorCode::shape_mismatch, "variable '", name,
          "': ", initial.size(), " bytes for ", desc, ", which takes ", desc.bytes());
  return add({.name = std::move(name),
              .desc = desc,
              .purpose = purpose,
              .arena = {ArenaKind::variable, next_id_},
              .initial = shared_bytes(initial)});
}

int ModelState::add_slot(std::string name, float initial) {
  fix_parameters("an optimizer's slot was laid out");
  const std::vector<float> fill(initial == 0 ? 0 : static_cast<size_t>(arena_elements_), initial);
  return add({.name = std::move(name),
              .desc = flat(),
              .purpose = Purpose::optimizer,
              .arena = {ArenaKind::slot, next_slot_++},
              .initial = shared_bytes(std::as_bytes(std::span(fill)))});
}

void ModelState::fix_parameters(const char* why) {
  if (!fixed_) fixed_ = why;
}

std::shared_ptr<const void> ModelState::hold_parameters() {
  std::shared_ptr<const void> token = held_.lock();
  if (!token) held_ = token = std::make_shared<char>();
  return token;
}

void ModelState::rollback(const Mark& mark) {
  // A layout that is in use keeps its parameters.
  const bool keep_parameters = (fixed_ || !held_.expired()) && arena_elements_ != mark.arena_elements;
  for (auto at = entries_.lower_bound(mark.next_id); at != entries_.end();) {
    if (keep_parameters && at->second.purpose == Purpose::parameter) {
      ++at;
      continue;
    }
    by_name_.erase(at->second.name);
    at = entries_.erase(at);
  }
  if (!keep_parameters) arena_elements_ = mark.arena_elements;
}

}  // namespace lemnos
