#include "common/shared.h"

PARAMS_BEGIN(ScatterLinks)
  uint rows;   // of y
  uint count;  // indices,
  uint first;  // from this one on; a list has positions from there
PARAMS_END

SPEC_BEGIN(ScatterLinks, 64)
SPEC_END
