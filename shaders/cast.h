#include "common/shared.h"

PARAMS_BEGIN(Cast)
  uint count;
PARAMS_END

SPEC_BEGIN(Cast, 64)
SPEC(1, uint, format, 0)
SPEC(2, uint, result_format, 0)
SPEC_END
