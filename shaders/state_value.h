#include "common/shared.h"

PARAMS_BEGIN(StateValue)
  uint word;
  float scale;
PARAMS_END

SPEC_BEGIN(StateValue, 32)
SPEC_END
