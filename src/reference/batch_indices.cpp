// The rows of the current batch: position in the epoch, sent through the epoch's permutation. Integer work, so the
// kernel's own permutation is the definition; tests prove that it is one.
#include "reference/batch_indices.h"

#include <algorithm>

#include "shaders/common/permutation.h"
#include "shaders/common/step_state.h"

namespace lemnos::reference {

void batch_indices(const Reference& c) {
  const auto attrs = c.attrs<BatchIndicesAttrs>();
  const StepStateView<const double> state{c.in[0]};
  const auto given = static_cast<uint32_t>(attrs.samples);
  const uint32_t samples = given ? given : state.get(STATE_ROWS);
  const auto window = static_cast<uint64_t>(attrs.window);
  const auto seed = static_cast<uint32_t>(attrs.seed);
  const shaders::uvec4 keys =
      shaders::permutation_keys({seed ^ state.get(STATE_SEED_LOW), state.get(STATE_SEED_HIGH)}, state.get(STATE_EPOCH));
  const size_t batch = c.out[0].size(), first = state.get(STATE_CURSOR) * batch;
  const auto row_at = [&](size_t i) {
    const auto position = static_cast<uint32_t>(first + i);
    if (window) {  // batches follow one another through a ring of so many
      const uint64_t number = uint64_t{state.get(STATE_EPOCH)} * state.get(STATE_BATCHES) + state.get(STATE_CURSOR);
      return static_cast<double>(number % window * batch + i);
    }
    return static_cast<double>(attrs.shuffle ? shaders::permuted(position, samples, keys) : position);
  };
  const size_t there = first < samples ? std::min(samples - first, batch) : 0;
  c.out[2][0] = static_cast<double>(there);
  for (size_t i = 0; i < batch; ++i) {
    c.out[0][i] = i < there ? row_at(i) : -1;
    c.out[1][i] = i < there ? row_at(i) : there > 0 ? row_at(0) : -1;
  }
}

}  // namespace lemnos::reference
