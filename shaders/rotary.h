#include "common/shared.h"

PARAMS_BEGIN(Rotary)
  uint count;
  uint elements;   // of a row, even
  uint rows;       // consecutive rows of one position
  uint positions;
PARAMS_END

SPEC_BEGIN(Rotary, 64)
SPEC(1, uint, format, 0)
SPEC(2, uint, inverse, 0)  // backward: turns the other way
SPEC_END
