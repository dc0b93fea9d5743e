#include "common/shared.h"
#include "common/cell.h"

PARAMS_BEGIN(LstmCell)
  uint count;  // elements of the result; CELL_BACKWARD: groups of four units of a row, the last one of each perhaps fewer
  uint units;
PARAMS_END

SPEC_BEGIN(LstmCell, 64)
SPEC(1, uint, format, 0)
SPEC(2, uint, part, 0)
SPEC(3, uint, has_dh, 1)
SPEC(4, uint, has_dc, 0)
SPEC_END
