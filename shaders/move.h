#include "common/shared.h"
#include "common/walk.h"

PARAMS_BEGIN(Move)
  uint count;   // elements of y
  uint offset;  // where in x the first element of y is; in groups of four if `wide`
  uint shifts;
  uint extent[WALK_AXES];
  uint multiplier[WALK_AXES];
  uint stride[WALK_AXES];
PARAMS_END

SPEC_BEGIN(Move, 64)
SPEC(1, uint, format, 4)
SPEC(2, uint, rank, 1)
SPEC(3, uint, wide, 0)   // extents and strides count groups of four elements along the last axis
SPEC(4, uint, inner, 1)  // whether x moves along the last axis
SPEC(5, uint, run, 1)    // groups of four that an invocation moves; they stay together along the last axis
SPEC_END
