// The random bits that decide which elements are dropped: of four consecutive ones, the same whichever kernel asks. Needs
// `state`, a StepState, and params.seed and params.stream.
#ifndef COMMON_MASK
#define COMMON_MASK
#include "common/philox.h"
#include "common/step_state.h"

uvec4 mask_bits(uint block) {
  return philox(uvec4(block, state[STATE_STEP], 0u, 0u),
                uvec2(params.seed ^ state[STATE_SEED_LOW], params.stream ^ state[STATE_SEED_HIGH]));
}

#endif
