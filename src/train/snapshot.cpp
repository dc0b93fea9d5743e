// What a trainer has learned, copied to the host and back; the state of its steps as numbers; what is frozen.

#include <map>

#include "base/text.h"
#include "ops/step_state.h"
#include "train/trainer_impl.h"

namespace lemnos {

Snapshot Trainer::Impl::snapshot(Snapshot::Part part) {
  Snapshot made;
  for (const CheckpointEntry& e : checkpoint_entries(*graph)) {
    if (part == Snapshot::Part::model && !e.belongs_to_model()) continue;
    std::vector<std::byte> bytes(e.desc.bytes());
    session->read(e.value, bytes, e.offset);
    made.tensors.push_back({e.name, e.desc, std::move(bytes)});
  }
  return made;
}

void Trainer::Impl::restore(const Snapshot& snapshot) {
  std::map<std::string, CheckpointEntry> by_name;
  for (CheckpointEntry& e : checkpoint_entries(*graph)) by_name.emplace(e.name, std::move(e));
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
    session->write(e.value, tensor.bytes, e.offset);
  }
}

Snapshot Trainer::snapshot(Snapshot::Part part) { return impl_->snapshot(part); }
void Trainer::restore(const Snapshot& snapshot) { impl_->restore(snapshot); }

Snapshot Trainer::averaged() {
  const std::string prefix = "optimizer.average/";
  Snapshot whole = impl_->snapshot(Snapshot::Part::everything), model = impl_->snapshot(Snapshot::Part::model);
  size_t taken = 0;
  for (const Snapshot::Tensor& tensor : whole.tensors) {
    if (!tensor.name.starts_with(prefix)) continue;
    for (Snapshot::Tensor& parameter : model.tensors)
      if (parameter.name == tensor.name.substr(prefix.size())) {
        parameter.bytes = tensor.bytes;
        ++taken;
      }
  }
  require(taken > 0, ErrorCode::invalid_argument,
          "averaged: nothing was averaged; TrainerOptions::average is the decay, and a step must have run");
  return model;
}

StepCounts Trainer::counts() {
  const std::vector<uint32_t> words = impl_->state_words(impl_->training);
  const StepStateView<const uint32_t> state{words};
  const optim::UpdateOptions& update = impl_->options.update;
  const double base = update.loss_scale ? update.loss_scale->initial : 1;
  return {.steps = int64_t{state.get(STATE_STEP)} - 1,
          .skipped = state.get(STATE_SKIPPED),
          .epoch = state.get(STATE_EPOCH),
          .batch = state.get(STATE_CURSOR),
          .samples = (int64_t{state.get(STATE_SAMPLES_HIGH)} << 32) + state.get(STATE_SAMPLES_LOW),
          .learning_rate_factor = state.real(STATE_LR_FACTOR),
          .loss_scale = base * state.real(STATE_LOSS_SCALE),
          .gradient_norm = state.real(STATE_GRADIENT_NORM)};
}

void Trainer::set_learning_rate_factor(double factor) {
  require(impl_->training.program != nullptr, ErrorCode::invalid_argument,
          "set_learning_rate_factor: begin() has not been called");
  require(factor >= 0 && factor < 1e30, ErrorCode::invalid_argument, "set_learning_rate_factor: ", factor,
          " is outside [0, 1e30)");
  const auto word = static_cast<float>(factor);
  impl_->session->write(impl_->training.state, std::as_bytes(std::span(&word, 1)), STATE_LR_FACTOR * sizeof word);
}

void Trainer::freeze(const std::string& parameters) {
  impl_->frozen.push_back(parameters);
  impl_->stale = true;
}

void Trainer::unfreeze() {
  impl_->frozen.clear();
  impl_->stale = true;
}

}  // namespace lemnos
