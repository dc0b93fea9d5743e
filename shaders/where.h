#include "common/shared.h"
#include "common/walk.h"

PARAMS_BEGIN(Where)
  uint count;
  uint shifts;
  uint extent[WALK_AXES];
  uint multiplier[WALK_AXES];
  uint stride_c[WALK_AXES];
  uint stride_a[WALK_AXES];
  uint stride_b[WALK_AXES];
PARAMS_END

SPEC_BEGIN(Where, 64)
SPEC(1, uint, format, 0)            // of a, b and y; as bits
SPEC(2, uint, condition_format, 0)
SPEC(3, uint, rank, 1)
SPEC(4, uint, wide, 0)
SPEC(5, uint, inner_c, 1)
SPEC(6, uint, inner_a, 1)
SPEC(7, uint, inner_b, 1)
SPEC_END
