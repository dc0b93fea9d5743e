#include "common/shared.h"

PARAMS_BEGIN(ScatterLinks)
  uint rows;   // of y
  uint count;  // indices
PARAMS_END

SPEC_BEGIN(ScatterLinks, 64)
SPEC_END
