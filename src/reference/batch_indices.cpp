// The rows of the current batch: position in the epoch, sent through the epoch's permutation. Integer work, so the
// kernel's own permutation is the definition; tests prove that it is one.
#include "reference/batch_indices.h"

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
  const size_t first = state.get(STATE_CURSOR) * c.out[0].size();
  for (size_t i = 0; i < c.out[0].size(); ++i) {
    const size_t position = first + i;
    if (position >= samples)
      c.out[0][i] = -1;
    else if (window)  // batches follow one another through a ring of so many
      c.out[0][i] =
          static_cast<double>((uint64_t{state.get(STATE_EPOCH)} * state.get(STATE_BATCHES) + state.get(STATE_CURSOR)) %
                                  window * c.out[0].size() +
                              i);
    else if (!attrs.shuffle)
      c.out[0][i] = static_cast<double>(position);
    else
      c.out[0][i] = shaders::permuted(static_cast<uint32_t>(position), samples, keys);
  }
}

}  // namespace lemnos::reference
