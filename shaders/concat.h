#include "common/shared.h"
#define CONCAT_INPUTS 4

PARAMS_BEGIN(Concat)
  uint count;       // elements of y
  uint row;         // elements of y that belong to one index of the axes outside; in groups of four if `wide`
  uint multiplier;  // division by row
  uint shift;
  uint end[CONCAT_INPUTS];  // where in such a row each input ends
PARAMS_END

SPEC_BEGIN(Concat, 64)
SPEC(1, uint, format, 4)
SPEC(2, uint, wide, 0)
SPEC(3, uint, one_row, 0)
SPEC_END
