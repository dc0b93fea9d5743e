#include "common/shared.h"

PARAMS_BEGIN(CrossEntropyCount)
  uint rows;
  uint cols;
PARAMS_END

SPEC_BEGIN(CrossEntropyCount, 256)
SPEC(1, uint, weighted, 0)
SPEC_END
