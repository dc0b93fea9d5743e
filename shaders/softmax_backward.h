#include "common/shared.h"

PARAMS_BEGIN(SoftmaxBackward)
  uint rows;
  uint cols;
PARAMS_END

SPEC_BEGIN(SoftmaxBackward, 64)
SPEC(1, uint, logarithm, 0)
SPEC_END
