#include "common/shared.h"

PARAMS_BEGIN(Accuracy)
  uint rows;
  uint cols;
  uint rows_per_group;
  uint top;  // right: fewer than `top` classes beat the target
PARAMS_END

SPEC_BEGIN(Accuracy, 256)
SPEC(1, uint, row_per_workgroup, 0)  // the workgroup walks one row together, else each invocation has its own
SPEC_END
