// What ops that read or advance StepState share.
#pragma once

#include "ops/lowering.h"
#include "shaders/common/step_state.h"

namespace lemnos::ops {

inline void require_state(const Infer& in, size_t i) {
  require(in.in[i] == TensorDesc{Shape{STATE_WORDS}, DType::u32}, ErrorCode::shape_mismatch, in.op.name, ": input ", i,
          " is ", in.in[i], ", a step state is ", TensorDesc{Shape{STATE_WORDS}, DType::u32});
}

/// The words of a StepState on the host, by what they mean.
class StepWords {
 public:
  explicit StepWords(uint64_t seed = 0) : words_(initial_step_state(seed)) {}

  std::span<std::byte> bytes() { return std::as_writable_bytes(std::span(words_)); }

  int64_t steps() const { return int64_t{get(STATE_STEP)} - 1; }
  int64_t skipped() const { return get(STATE_SKIPPED); }
  int64_t epoch() const { return get(STATE_EPOCH); }
  int64_t batch() const { return get(STATE_CURSOR); }
  int64_t samples() const { return (int64_t{get(STATE_SAMPLES_HIGH)} << 32) + get(STATE_SAMPLES_LOW); }
  double learning_rate_factor() const { return real(STATE_LR_FACTOR); }
  double loss_scale() const { return real(STATE_LOSS_SCALE); }  // over its initial value
  int64_t at_least_scale() const { return get(STATE_AT_LEAST); }
  void forget_least_scale() { words_[STATE_AT_LEAST] = 0; }
  double gradient_norm() const { return real(STATE_GRADIENT_NORM); }
  uint64_t seed() const { return (uint64_t{get(STATE_SEED_HIGH)} << 32) + get(STATE_SEED_LOW); }

  /// An epoch has so many rows in so many batches from now on. `rewind`: the next batch is the first of the running
  /// epoch. One that is past the last is the first of the next epoch.
  void set_rows(int64_t rows, int64_t batches, bool rewind) {
    words_[STATE_ROWS] = static_cast<uint32_t>(rows);
    words_[STATE_BATCHES] = static_cast<uint32_t>(batches);
    if (!rewind && batch() < batches) return;
    words_[STATE_CURSOR] = 0;
    if (!rewind) ++words_[STATE_EPOCH];
  }
  void set_learning_rate_factor(float factor) { words_[STATE_LR_FACTOR] = std::bit_cast<uint32_t>(factor); }
  /// The same place in the data and the schedule, but no update was made: bias corrections begin anew.
  void forget_updates() {
    words_[STATE_SKIPPED] = words_[STATE_STEP] - 1;
    words_[STATE_CORRECTION1] = words_[STATE_CORRECTION2] = 0;
    words_[STATE_MOMENTUM_PRODUCT] = std::bit_cast<uint32_t>(1.0f);
  }

 private:
  uint32_t get(size_t word) const { return words_[word]; }
  float real(size_t word) const { return std::bit_cast<float>(words_[word]); }

  std::array<uint32_t, STATE_WORDS> words_;
};

}  // namespace lemnos::ops
