#include "common/shared.h"

PARAMS_BEGIN(Softmax)
  uint rows;
  uint cols;
PARAMS_END

SPEC_BEGIN(Softmax, 64)
SPEC(1, uint, logarithm, 0)
SPEC_END
