#include "common/shared.h"
#include "common/unary_functions.h"

PARAMS_BEGIN(Unary)
  uint count;  // elements
  float a;     // the function's own parameters
  float b;
PARAMS_END

SPEC_BEGIN(Unary, 64)
SPEC(1, uint, function, 0)
SPEC_END
