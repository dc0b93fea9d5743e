#include "common/shared.h"

PARAMS_BEGIN(Gather)
  uint count;       // elements of y
  uint rows;        // of x
  uint cols;        // elements of a row; in groups of four if `wide`
  uint multiplier;  // division by cols
  uint shift;
  float scale;
  float offset;
  float fill;
PARAMS_END

SPEC_BEGIN(Gather, 64)
SPEC(1, uint, format, 0)         // of x
SPEC(2, uint, result_format, 0)  // of y
SPEC(3, uint, wide, 0)           // rows are whole groups of four elements
SPEC(4, uint, plain, 0)          // bits as they are: no scale, no offset
SPEC_END
