#include "common/shared.h"

// What is made of the elements that come to one place.
#define SCATTER_ADD 0
#define SCATTER_MAX 1
#define SCATTER_MIN 2
#define SCATTER_MULTIPLY 3

PARAMS_BEGIN(ScatterAdd)
  uint count;       // elements of y
  uint cols;        // elements of a row; in groups of four if `wide`
  uint multiplier;  // division by cols
  uint shift;
  uint first;       // the position that lists count from
PARAMS_END

SPEC_BEGIN(ScatterAdd, 64)
SPEC(1, uint, format, 0)
SPEC(2, uint, wide, 0)
SPEC(3, uint, last, 1)  // no more positions come
SPEC(4, uint, function, 0)
SPEC_END
