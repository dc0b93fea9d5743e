#include "common/shared.h"

PARAMS_BEGIN(Argmax)
  uint outputs;
  uint inner;  // elements between one candidate and the next
  uint depth;  // candidates of one output
PARAMS_END

SPEC_BEGIN(Argmax, 64)
SPEC(1, uint, format, 0)
SPEC(2, uint, alone, 0)  // one invocation per output instead of one workgroup
SPEC(3, uint, wide, 0)   // candidates are neighbours, in whole groups of four
SPEC_END
