// Copies of the learned state to the host and back; the step state as numbers; frozen parameters.

#include "base/text.h"
#include "train/trainer_impl.h"

namespace lemnos {

Snapshot Trainer::snapshot(Snapshot::Part part) { return impl_->learned.snapshot(part); }
void Trainer::restore(const Snapshot& snapshot) {
  impl_->learned.restore(snapshot);
  impl_->resume();
}

Snapshot Trainer::averaged() {
  const bool of_optimizer = impl_->options.average == 0 && optim::name_of(impl_->options.optimizer) == "asgd";
  const std::string prefix = of_optimizer ? "optimizer.asgd.average/" : "optimizer.average/";
  Snapshot whole = snapshot(Snapshot::Part::everything), model = snapshot(Snapshot::Part::model);
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
          "averaged: there is no average; it needs TrainerOptions::average or an Asgd, and a step");
  return model;
}

StepCounts Trainer::counts() {
  const ops::StepWords words = impl_->learned.words();
  const optim::UpdateOptions& update = impl_->options.update;
  const double base = update.loss_scale ? update.loss_scale->initial : 1;
  return {.steps = words.steps(),
          .skipped = words.skipped(),
          .epoch = words.epoch(),
          .batch = words.batch(),
          .samples = words.samples(),
          .learning_rate_factor = words.learning_rate_factor(),
          .loss_scale = base * words.loss_scale(),
          .gradient_norm = words.gradient_norm()};
}

void Trainer::set_learning_rate_factor(double factor) {
  require(factor >= 0 && factor < 1e30, ErrorCode::invalid_argument, "set_learning_rate_factor: ", factor,
          " is outside [0, 1e30)");
  train::Learned& learned = impl_->learned;
  for (int clock = 0; clock < learned.clocks(); ++clock) {
    ops::StepWords words = learned.words(clock);
    words.set_learning_rate_factor(static_cast<float>(factor));
    learned.set_words(words, clock);
  }
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
