#include "common/shared.h"

PARAMS_BEGIN(NormRunning)
  uint channels;
  float momentum;
  float unbiased;  // total / (total - 1)
PARAMS_END

SPEC_BEGIN(NormRunning, 64)
SPEC_END
