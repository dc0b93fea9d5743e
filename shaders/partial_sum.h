#include "common/shared.h"

PARAMS_BEGIN(PartialSum)
  uint count;   // items
  uint width;   // floats an item
  float scale;
PARAMS_END

SPEC_BEGIN(PartialSum, 256)
SPEC_END
