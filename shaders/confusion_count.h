#include "common/shared.h"

PARAMS_BEGIN(ConfusionCount)
  uint count;
  uint classes;  // or bins
PARAMS_END

SPEC_BEGIN(ConfusionCount, 64)
SPEC(1, uint, scores, 0)  // predictions are scores in [0, 1] that fall into bins, else classes
SPEC_END
