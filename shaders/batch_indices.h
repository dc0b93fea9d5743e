#include "common/shared.h"

PARAMS_BEGIN(BatchIndices)
  uint samples;
  uint batch;
  uint seed;
PARAMS_END

SPEC_BEGIN(BatchIndices, 64)
SPEC(1, uint, shuffle, 1)
SPEC_END
