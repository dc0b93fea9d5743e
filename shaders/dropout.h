#include "common/shared.h"

PARAMS_BEGIN(Dropout)
  uint count;      // elements
  uint per_mask;   // consecutive elements that share one random number
  uint threshold;  // rate * 2^32: smaller random bits drop
  float scale;     // 1 / (1 - rate)
  uint seed;
  uint stream;
PARAMS_END

SPEC_BEGIN(Dropout, 64)
SPEC(1, uint, grouped, 0)  // per_mask is not 1
SPEC_END
