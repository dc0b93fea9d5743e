#include "common/shared.h"
#include "common/team.h"

PARAMS_BEGIN(SoftmaxBackward)
  uint rows;
  uint cols;
  uint rows_per_group;
PARAMS_END

SPEC_BEGIN(SoftmaxBackward, 64)
SPEC(1, uint, team, TEAM_WORKGROUP)
SPEC(2, uint, wide, 0)
SPEC(3, uint, held, 0)
SPEC(4, uint, cols, 0)
SPEC(5, uint, logarithm, 0)
SPEC_END
