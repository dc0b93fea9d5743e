#include "common/shared.h"
#define PAD_AXES 5

PARAMS_BEGIN(Pad)
  uint count;  // elements of y
  uint shifts;
  uint fill;  // as bits
  uint extent[PAD_AXES];
  uint multiplier[PAD_AXES];
  uint stride[PAD_AXES];
  uint before[PAD_AXES];  // elements of y before the first of x
  uint limit[PAD_AXES];   // extent of x
PARAMS_END

SPEC_BEGIN(Pad, 64)
SPEC(1, uint, format, 4)
SPEC(2, uint, rank, 1)
SPEC(3, uint, wide, 0)  // the last axis, and what stands before it, come in groups of four
SPEC_END
