#include "common/shared.h"

PARAMS_BEGIN(IndexErrors)
  uint count;
  uint limit;  // below 2^31
  uint row;    // of the report
PARAMS_END

SPEC_BEGIN(IndexErrors, 128)
SPEC_END
