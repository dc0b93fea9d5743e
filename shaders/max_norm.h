#include "common/shared.h"

PARAMS_BEGIN(MaxNorm)
  uint rows;
  uint cols;
  float max_norm;
PARAMS_END

SPEC_BEGIN(MaxNorm, 64)
SPEC_END
