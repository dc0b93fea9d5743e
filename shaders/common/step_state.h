// StepState: everything that changes from step to step, as 32 words of one variable (u32[32]) that kernels advance. A
// recorded step stays valid for ever because none of this is in its constants. Floats are kept by their bit pattern.
//
// Its content at the start is all zeros but for the words that say otherwise (initial_step_state below).
#ifndef COMMON_STEP_STATE
#define COMMON_STEP_STATE

#define STATE_STEP 0      // the number of the running step, from 1
#define STATE_CURSOR 1    // the running batch of its epoch, from 0
#define STATE_EPOCH 2     // from 0
#define STATE_SEED_LOW 3  // of the run: mixed into every random stream
#define STATE_SEED_HIGH 4
#define STATE_SCHEDULE 5          // f32, starts at 1: what the schedule makes of the base learning rate in this step
#define STATE_LR_FACTOR 6         // f32, starts at 1: the host's own factor (plateaus, a learning-rate finder)
#define STATE_CORRECTION1 7       // f32: 1 - beta1^t over the t updates that are finished
#define STATE_CORRECTION2 8       // f32: 1 - beta2^t, likewise
#define STATE_MOMENTUM_PRODUCT 9  // f32, starts at 1: the product of NAdam's momentum over the finished updates
#define STATE_LOSS_SCALE 10       // f32, starts at 1
#define STATE_CLIP_FACTOR 11      // f32, starts at 1: what gradients are multiplied with before they are used
#define STATE_GRADIENT_NORM 12    // f32: global L2 norm of the last gradient, before clipping
#define STATE_SKIPPED 13          // updates left out so far
#define STATE_GOOD_STEPS 14       // since the loss scale last changed
#define STATE_SAMPLES_LOW 15      // samples seen, 64 bits
#define STATE_SAMPLES_HIGH 16
#define STATE_ROWS 17     // of the data set, for nodes that are not told
#define STATE_BATCHES 18  // of an epoch, likewise
#define STATE_AT_LEAST 19 // updates left out so far while the loss scale could fall no further
#define STATE_WORDS 32

#ifdef __cplusplus

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace lemnos {

/// The words as the host holds them: uint32_t as read from a device, or double as the reference keeps them.
template <typename Word>
struct StepStateView {
  std::span<Word> words;

  uint32_t get(size_t word) const { return static_cast<uint32_t>(words[word]); }
  float real(size_t word) const { return std::bit_cast<float>(get(word)); }
  void set(size_t word, uint32_t value) const { words[word] = static_cast<Word>(value); }
  void set_real(size_t word, float value) const { set(word, std::bit_cast<uint32_t>(value)); }
};

inline std::array<uint32_t, STATE_WORDS> initial_step_state(uint64_t seed = 0) {
  std::array<uint32_t, STATE_WORDS> words{};
  words[STATE_STEP] = 1;
  words[STATE_SEED_LOW] = static_cast<uint32_t>(seed);
  words[STATE_SEED_HIGH] = static_cast<uint32_t>(seed >> 32);
  for (size_t one : {STATE_SCHEDULE, STATE_LR_FACTOR, STATE_MOMENTUM_PRODUCT, STATE_LOSS_SCALE, STATE_CLIP_FACTOR})
    words[one] = std::bit_cast<uint32_t>(1.0f);
  return words;
}

}  // namespace lemnos
#else
#define STATE_REAL(word) uintBitsToFloat(state[word])
// By its bits: a device may take a denormal for zero.
#define STATE_UPDATE_IS_LEFT_OUT ((state[STATE_CLIP_FACTOR] & 0x7fffffffu) == 0u)
#endif

#endif
